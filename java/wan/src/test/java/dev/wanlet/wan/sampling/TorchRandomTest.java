// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.sampling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.io.IOException;
import java.util.Arrays;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

class TorchRandomTest {
  private static final Pattern SHAPE_CASE = Pattern.compile("seed(\\d+)\\.shape([\\dx]+)");
  private static final Pattern CONSECUTIVE_CASE =
      Pattern.compile("seed(\\d+)\\.consecutive_7_then_32");

  @Test
  void drawsTheReferenceNumbers() throws IOException {
    GoldenFolder golden = new GoldenFolder("noise");
    Map<String, float[]> outputs = golden.tensors("outputs.safetensors");
    assertThat(outputs).hasSize(21);
    outputs.forEach((name, expected) -> golden.check(name, draw(name), expected));
  }

  private static float[] draw(String name) {
    Matcher shape = SHAPE_CASE.matcher(name);
    if (shape.matches()) {
      int n =
          Arrays.stream(shape.group(2).split("x"))
              .mapToInt(Integer::parseInt)
              .reduce(1, (a, b) -> a * b);
      return new TorchRandom(Long.parseLong(shape.group(1))).randn(n);
    }
    Matcher consecutive = CONSECUTIVE_CASE.matcher(name);
    assertThat(consecutive.matches()).as(name).isTrue();
    TorchRandom random = new TorchRandom(Long.parseLong(consecutive.group(1)));
    float[] joined = Arrays.copyOf(random.randn(7), 39);
    System.arraycopy(random.randn(32), 0, joined, 7, 32);
    return joined;
  }

  @Test
  void anOddShortDrawKeepsItsSpareNumberForTheNextShortDraw() {
    float[] whole = new TorchRandom(5).randn(4);
    TorchRandom random = new TorchRandom(5);
    float[] joined = new float[] {random.randn(1)[0], 0, 0, 0};
    System.arraycopy(random.randn(3), 0, joined, 1, 3);
    assertThat(joined).isEqualTo(whole);
  }

  @Test
  void usesTheLow32BitsOfTheSeed() {
    assertThat(new TorchRandom(-1).randn(20)).isEqualTo(new TorchRandom(0xFFFFFFFFL).randn(20));
    assertThat(new TorchRandom(1).randn(20)).isNotEqualTo(new TorchRandom(2).randn(20));
  }

  @Test
  void drawsNothingOrRefuses() {
    assertThat(new TorchRandom(0).randn(0)).isEmpty();
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new TorchRandom(0).randn(-3))
        .withMessageContaining("-3");
  }

  @Test
  void seededStepNoiseReplaysAndFollowsTheInitialDraw() {
    TorchRandom random = new TorchRandom(9);
    random.randn(40);
    float[] first = random.randn(40);
    float[] second = random.randn(40);

    StepNoise noise = StepNoise.seeded(9);
    assertThat(noise.draw(0, 40)).isEqualTo(first);
    assertThat(noise.draw(1, 40)).isEqualTo(second);
    assertThat(noise.draw(0, 40)).isEqualTo(first);
    assertThat(StepNoise.seeded(9).draw(1, 40)).isEqualTo(second);
    assertThatIllegalArgumentException().isThrownBy(() -> noise.draw(-1, 40));
  }
}
