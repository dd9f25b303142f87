// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.profiles.nvml;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.jna.NativeLibrary;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;

/** A library of a few lines of C answers in the place of the driver's. */
@EnabledOnOs(value = OS.LINUX, disabledReason = "the stand-in is a library of Linux")
class NvmlTest {
  private static final long MIB = 1L << 20;

  @TempDir(cleanup = CleanupMode.ON_SUCCESS)
  private Path folder;

  private Nvml ask(String... defines) throws Exception {
    return Nvml.ask(List.of(library(defines).toString()));
  }

  private Path library(String... defines) throws Exception {
    assumeTrue(hasCompiler(), "there is no C compiler 'cc', which makes the stand-in library");
    Path source = folder.resolve("nvml.c");
    try (InputStream in = NvmlTest.class.getResourceAsStream("nvml.c")) {
      Files.write(source, in.readAllBytes());
    }
    Path library = folder.resolve("libnvidia-ml.so.1");
    List<String> command = new ArrayList<>(List.of("cc", "-shared", "-fPIC", "-Wall", "-Werror"));
    List.of(defines).forEach(d -> command.add("-D" + d));
    command.addAll(List.of("-o", library.toString(), source.toString()));
    assertThat(new ProcessBuilder(command).inheritIO().start().waitFor()).isZero();
    return library;
  }

  private static boolean hasCompiler() throws InterruptedException {
    try {
      return new ProcessBuilder("cc", "--version")
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .start()
              .waitFor()
          == 0;
    } catch (IOException e) {
      return false;
    }
  }

  @Test
  void anEightGigabyteCardWithADesktop() throws Exception {
    Path library = library();
    Nvml nvml = Nvml.ask(List.of(folder.resolve("absent.so.1").toString(), library.toString()));
    assertThat(nvml.problem()).isEmpty();
    assertThat(nvml.driver()).contains("580.95.05");
    NvmlCard card = nvml.card("NVIDIA GeForce RTX 4060").orElseThrow();
    assertThat(card.busId()).contains("00000000:01:00.0");
    assertThat(card.memory())
        .isEqualTo(new NvmlCard.Memory(8188 * MIB, 7246 * MIB, 742 * MIB, 200 * MIB));
    assertThat(card.processes()).hasSize(2);
    assertThat(card.processes().get(0).pid()).isEqualTo(4_000_000_001L);
    assertThat(card.heldByDesktop()).isEqualTo(600 * MIB);
    assertThat(card.heldByOthers()).isEqualTo(742 * MIB);
    assertThat(card.spilledBytes()).isZero();
    assertThat(card.link().most()).contains("PCIe 4.0 x8");
    assertThat(card.link().now()).contains("PCIe 1.0 x8");
    assertThat(card.power().watts()).hasValue(12.5);
    assertThat(card.power().limitWatts()).isEmpty();
    assertThat(card.power().joules()).hasValue(1234.5);
    assertThat(card.capability()).contains("8.9");
    assertThat(nvml.card("NVIDIA GeForce RTX 4070")).isEmpty();
    assertThat(
            NativeLibrary.getInstance(library.toString()).getFunction("begun_now").invokeInt(null))
        .as("what was begun was ended")
        .isZero();
  }

  @Test
  void whatACardDrawsIsTheDifferenceOfItsCounter() throws Exception {
    String library = library().toString();
    EnergyMeter meter =
        EnergyMeter.start("NVIDIA GeForce RTX 4060", () -> Nvml.ask(List.of(library)));
    assertThat(meter.sinceStart()).hasValue(2.5);
    assertThat(meter.sinceStart()).hasValue(5);
    assertThat(meter.problem()).isEmpty();
    EnergyMeter other = EnergyMeter.start("llvmpipe", () -> Nvml.ask(List.of(library)));
    assertThat(other.sinceStart()).isEmpty();
    assertThat(other.problem().orElseThrow()).contains("not exactly one card called 'llvmpipe'");
  }

  @Test
  void aCardThatDoesNotCountItSaysSo() throws Exception {
    String library = library("MISSING").toString();
    EnergyMeter meter =
        EnergyMeter.start("NVIDIA GeForce RTX 4060", () -> Nvml.ask(List.of(library)));
    assertThat(meter.sinceStart()).isEmpty();
    assertThat(meter.problem().orElseThrow()).contains("does not count");
  }

  @Test
  void aFullCard() throws Exception {
    NvmlCard card = ask("USED_MIB=7988ull", "OTHER_MIB=7388ull").cards().get(0);
    assertThat(card.memory().freeBytes()).isZero();
    assertThat(card.heldByOthers()).isEqualTo(7988 * MIB);
    assertThat(card.processes().get(0).bytes()).hasValue(7388 * MIB);
    assertThat(card.spilledBytes()).isZero();
  }

  @Test
  void aCardWhoseProgramsSpillIntoHostMemory() throws Exception {
    NvmlCard card = ask("USED_MIB=7988ull", "OTHER_MIB=9000ull").cards().get(0);
    assertThat(card.spilledBytes()).isEqualTo((600 + 9000 - 8188) * MIB);
  }

  @Test
  void whatAProgramHoldsIsNotToldEverywhere() throws Exception {
    NvmlCard card = ask("OTHER_BYTES=-1ull").cards().get(0);
    assertThat(card.processes().get(1).bytes()).isEmpty();
    assertThat(card.heldByOthers()).isEqualTo(600 * MIB);
  }

  @Test
  void aFunctionThatADriverLacksLeavesItsFactOut() throws Exception {
    Nvml nvml = ask("MISSING");
    assertThat(nvml.problem()).isEmpty();
    NvmlCard card = nvml.cards().get(0);
    assertThat(card.memory()).isEqualTo(new NvmlCard.Memory(8188 * MIB, 7246 * MIB, 942 * MIB, 0));
    assertThat(card.busId()).isEmpty();
    assertThat(card.processes()).isEmpty();
    assertThat(card.power().joules()).isEmpty();
    assertThat(card.link().width()).isEqualTo(OptionalInt.of(8));
  }

  @Test
  void withoutADriverThatIsSaid() {
    List<String> absent = List.of(folder.resolve("libnvidia-ml.so.1").toString());
    assertThat(EnergyMeter.start("any", () -> Nvml.ask(absent)).problem().orElseThrow())
        .startsWith("no driver of NVIDIA's is installed");
    Nvml nvml = Nvml.ask(absent);
    assertThat(nvml.cards()).isEmpty();
    assertThat(nvml.problem().orElseThrow()).startsWith("no driver of NVIDIA's is installed");
  }

  @Test
  void tooOldADriverSaysWhatToDo() throws Exception {
    assertThat(ask("TOO_OLD").problem().orElseThrow()).contains("too old").contains("update it");
  }

  @Test
  void oneThatIsNotLoadedSaysWhatToDo() throws Exception {
    assertThat(ask("INIT=9").problem().orElseThrow()).contains("not loaded").contains("restart");
  }

  @Test
  void oneThatWasUpdatedBelowItsFeetSaysWhatToDo() throws Exception {
    assertThat(ask("INIT=18").problem().orElseThrow()).contains("restart the machine");
  }
}
