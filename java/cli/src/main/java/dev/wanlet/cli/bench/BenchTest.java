// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.bench;

import dev.wanlet.wan.memory.RunPlan;
import dev.wanlet.wan.memory.Stage;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;

/** What is timed. */
enum BenchTest {
  /** The prompts through the text encoder. */
  TEXT(Stage.TEXT),
  /** Pictures through CLIP, where the model has it. */
  CLIP(Stage.SEE),
  /** Pictures through the VAE's encoder, where the model takes them. */
  ENCODE(Stage.ENCODE),
  /** A step of the transformer whose weights have been at work before. */
  STEP(Stage.SAMPLE),
  /** Latents to frames, which are written as PNG. */
  DECODE(Stage.DECODE);

  private final Stage stage;

  BenchTest(Stage stage) {
    this.stage = stage;
  }

  /** The stage that does it. */
  Stage stage() {
    return stage;
  }

  /** How it is written. */
  String id() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** The time that a plan predicts for it; empty where it predicts none. */
  OptionalDouble predicted(RunPlan plan) {
    if (this == STEP) {
      return OptionalDouble.of(plan.transformer().stepSeconds());
    }
    return plan.stages().stream()
        .filter(s -> s.stage().equals(stage))
        .findFirst()
        .flatMap(s -> Optional.of(s.seconds()))
        .orElse(OptionalDouble.empty());
  }
}
