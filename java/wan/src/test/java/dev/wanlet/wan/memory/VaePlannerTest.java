// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wanlet.ggml.Device;
import dev.wanlet.ggml.Ggml;
import dev.wanlet.wan.catalog.ModelCatalog;
import dev.wanlet.wan.model.vae.VaeSettings;
import dev.wanlet.wan.nn.Precision;
import org.junit.jupiter.api.Test;

/** Plans of the published VAE, without weights and without taking memory. */
class VaePlannerTest {
  private static final long MIB = 1L << 20;
  private static final long GIB = 1L << 30;

  private final VaePlanner planner =
      new VaePlanner(
          ModelCatalog.standard().require("wan2.1-t2v-1.3b").vae().config().orElseThrow(),
          Device.cpu(),
          2);

  private static VaePlanner.Job job(int width, int height, int frames) {
    return new VaePlanner.Job(width, height, frames, Precision.AUTO);
  }

  @Test
  void everythingStaysOnTheDeviceIfThereIsRoom() {
    int alive = Ggml.liveObjects();
    VaePlan plan = planner.decoder(job(832, 480, 81), 4 * GIB);
    assertThat(plan.memory().hostHistoryBytes()).isZero();
    assertThat(plan.peakDeviceBytes()).isLessThan(5 * GIB / 2);
    assertThat(Ggml.liveObjects()).isEqualTo(alive);
  }

  @Test
  void theLengthOfAClipDoesNotMatter() {
    assertThat(planner.decoder(job(832, 480, 5), 4 * GIB))
        .isEqualTo(planner.decoder(job(832, 480, 801), 4 * GIB));
  }

  @Test
  void smallBudgetsDo() {
    assertThat(planner.decoder(job(832, 480, 81), 512 * MIB).peakDeviceBytes())
        .isLessThanOrEqualTo(512 * MIB);
    assertThat(planner.decoder(job(1280, 720, 81), GIB).peakDeviceBytes()).isLessThanOrEqualTo(GIB);
    assertThat(planner.encoder(job(1280, 720, 81), GIB).peakDeviceBytes()).isLessThanOrEqualTo(GIB);
  }

  @Test
  void whatABudgetHasRoomForStaysOnTheDevice() {
    VaePlan small = planner.decoder(job(832, 480, 81), GIB);
    VaePlan large = planner.decoder(job(832, 480, 81), 2 * GIB);
    VaeSettings settings = large.memory().settings();
    assertThat(settings.hostHistories())
        .isBetween(1, small.memory().settings().hostHistories() - 1);
    assertThat(large.peakDeviceBytes()).isBetween(2 * GIB - 200 * MIB, 2 * GIB);
    // Frames are somewhere: what left the device is on the host.
    assertThat(large.memory().historyBytes() + large.memory().hostHistoryBytes())
        .isBetween(
            small.memory().historyBytes() + small.memory().hostHistoryBytes() - MIB,
            small.memory().historyBytes() + small.memory().hostHistoryBytes() + MIB);
  }

  @Test
  void aSingleFrameNeedsNoHistory() {
    VaePlan plan = planner.decoder(job(832, 480, 1), 4 * GIB);
    assertThat(plan.memory().hostHistoryBytes()).isZero();
    assertThat(plan.memory().histories()).allMatch(bytes -> bytes == 0);
    assertThat(plan.peakDeviceBytes()).isLessThan(600 * MIB);
  }

  @Test
  void theSmallestBudgetIsNamedAndDoes() {
    assertThatThrownBy(() -> planner.decoder(job(832, 480, 81), 100 * MIB))
        .isInstanceOfSatisfying(
            MemoryBudgetException.class,
            e -> {
              assertThat(e.getMessage()).contains("decoding").contains("100.0 MiB");
              assertThat(planner.decoder(job(832, 480, 81), e.neededBytes()).peakDeviceBytes())
                  .isEqualTo(e.neededBytes());
            });
  }

  @Test
  void oddSizesAreRefused() {
    assertThatThrownBy(() -> planner.decoder(job(830, 480, 81), GIB))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("multiples of 8");
  }
}
