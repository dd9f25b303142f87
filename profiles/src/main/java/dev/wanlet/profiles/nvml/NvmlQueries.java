// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.profiles.nvml;

import com.sun.jna.Memory;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.IntByReference;
import com.sun.jna.ptr.LongByReference;
import com.sun.jna.ptr.PointerByReference;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;

/**
 * Questions to a library that has begun. Structures are laid out by hand: they have been the same
 * since the versions of the functions' names. Source: NVIDIA's NVML API reference. Confined to one
 * thread.
 */
final class NvmlQueries {
  private static final int TEXT_BYTES = 96;

  /** Of {@code nvmlPciInfo_t}: the older name, five numbers, the name. */
  private static final int PCI_BYTES = 68;

  private static final int PCI_NAME_AT = 36;
  private static final int PCI_NAME_BYTES = 32;

  /** Of {@code nvmlMemory_v2_t}: version, total, reserved, free, used. */
  private static final int MEMORY_BYTES = 40;

  /** Of {@code nvmlProcessInfo_t}: number, bytes, two numbers of a part of a card. */
  private static final int PROCESS_BYTES = 24;

  private static final int MOST_PROCESSES = 256;
  private static final double MILLI = 1e-3;

  private final NvmlLibrary library;
  private int last;

  NvmlQueries(NvmlLibrary library) {
    this.library = library;
  }

  /** What the last question that was not answered met. */
  String lastProblem() {
    return NvmlLibrary.meaning(last);
  }

  private boolean ask(String name, Object... arguments) {
    int answer = library.call(name, arguments);
    if (answer != NvmlLibrary.SUCCESS) {
      last = answer;
    }
    return answer == NvmlLibrary.SUCCESS;
  }

  Optional<String> driver() {
    return text("nvmlSystemGetDriverVersion");
  }

  int count() {
    IntByReference count = new IntByReference();
    return ask("nvmlDeviceGetCount_v2", count) ? count.getValue() : 0;
  }

  /** Empty if the card cannot be asked for its name and memory; {@link #lastProblem} says why. */
  Optional<NvmlCard> card(int index) {
    PointerByReference handle = new PointerByReference();
    if (!ask("nvmlDeviceGetHandleByIndex_v2", index, handle)) {
      return Optional.empty();
    }
    Pointer card = handle.getValue();
    Optional<String> name = text("nvmlDeviceGetName", card);
    Optional<NvmlCard.Memory> memory = memory(card);
    if (name.isEmpty() || memory.isEmpty()) {
      return Optional.empty();
    }
    return Optional.of(
        new NvmlCard(
            index,
            name.get(),
            busId(card),
            memory.get(),
            processes(card),
            link(card),
            power(card),
            capability(card)));
  }

  /** A text that a function writes behind its other arguments. */
  private Optional<String> text(String name, Object... before) {
    try (Memory text = cleared(TEXT_BYTES)) {
      List<Object> arguments = new ArrayList<>(List.of(before));
      arguments.add(text);
      arguments.add(TEXT_BYTES);
      return ask(name, arguments.toArray())
          ? Optional.of(string(text, 0, TEXT_BYTES))
          : Optional.empty();
    }
  }

  private static Memory cleared(int bytes) {
    Memory memory = new Memory(bytes);
    memory.clear();
    return memory;
  }

  /** Text up to its zero, or the end of its field. */
  private static String string(Memory memory, int at, int most) {
    byte[] bytes = memory.getByteArray(at, most);
    int length = 0;
    while (length < most && bytes[length] != 0) {
      length++;
    }
    return new String(bytes, 0, length, StandardCharsets.UTF_8);
  }

  private Optional<String> busId(Pointer card) {
    try (Memory pci = cleared(PCI_BYTES)) {
      return ask("nvmlDeviceGetPciInfo_v3", card, pci)
          ? Optional.of(string(pci, PCI_NAME_AT, PCI_NAME_BYTES))
          : Optional.empty();
    }
  }

  /** The second version tells apart what is used and what is reserved; older drivers lack it. */
  private Optional<NvmlCard.Memory> memory(Pointer card) {
    try (Memory m = cleared(MEMORY_BYTES)) {
      m.setInt(0, MEMORY_BYTES | 2 << 24);
      if (ask("nvmlDeviceGetMemoryInfo_v2", card, m)) {
        return Optional.of(
            new NvmlCard.Memory(m.getLong(8), m.getLong(24), m.getLong(32), m.getLong(16)));
      }
      return ask("nvmlDeviceGetMemoryInfo", card, m)
          ? Optional.of(new NvmlCard.Memory(m.getLong(0), m.getLong(8), m.getLong(16), 0))
          : Optional.empty();
    }
  }

  private List<NvmlProcess> processes(Pointer card) {
    List<NvmlProcess> all = new ArrayList<>();
    add(all, card, "nvmlDeviceGetGraphicsRunningProcesses", true);
    add(all, card, "nvmlDeviceGetComputeRunningProcesses", false);
    all.sort(Comparator.comparingLong((NvmlProcess p) -> p.bytes().orElse(0)).reversed());
    return all;
  }

  private void add(List<NvmlProcess> all, Pointer card, String name, boolean graphics) {
    try (Memory list = cleared(MOST_PROCESSES * PROCESS_BYTES)) {
      IntByReference count = new IntByReference(MOST_PROCESSES);
      // Both versions have the same structure; a failed call may have changed the count.
      if (!ask(name + "_v3", card, count, list)) {
        count.setValue(MOST_PROCESSES);
        if (!ask(name + "_v2", card, count, list)) {
          return;
        }
      }
      for (int i = 0; i < Math.min(count.getValue(), MOST_PROCESSES); i++) {
        long pid = Integer.toUnsignedLong(list.getInt((long) i * PROCESS_BYTES));
        long bytes = list.getLong((long) i * PROCESS_BYTES + 8);
        // A program that draws and computes is listed twice, with the same bytes.
        if (all.stream().noneMatch(p -> p.pid() == pid)) {
          all.add(
              new NvmlProcess(
                  pid, bytes < 0 ? OptionalLong.empty() : OptionalLong.of(bytes), graphics));
        }
      }
    }
  }

  private NvmlCard.Link link(Pointer card) {
    return new NvmlCard.Link(
        number("nvmlDeviceGetCurrPcieLinkGeneration", card),
        number("nvmlDeviceGetCurrPcieLinkWidth", card),
        number("nvmlDeviceGetMaxPcieLinkGeneration", card),
        number("nvmlDeviceGetMaxPcieLinkWidth", card));
  }

  private NvmlCard.Power power(Pointer card) {
    LongByReference joules = new LongByReference();
    boolean counts = ask("nvmlDeviceGetTotalEnergyConsumption", card, joules);
    return new NvmlCard.Power(
        milli(number("nvmlDeviceGetPowerUsage", card)),
        milli(number("nvmlDeviceGetEnforcedPowerLimit", card)),
        counts ? OptionalDouble.of(MILLI * joules.getValue()) : OptionalDouble.empty());
  }

  private static OptionalDouble milli(OptionalInt value) {
    return value.isPresent() ? OptionalDouble.of(MILLI * value.getAsInt()) : OptionalDouble.empty();
  }

  private OptionalInt number(String name, Pointer card) {
    IntByReference value = new IntByReference();
    return ask(name, card, value) ? OptionalInt.of(value.getValue()) : OptionalInt.empty();
  }

  private Optional<String> capability(Pointer card) {
    IntByReference major = new IntByReference();
    IntByReference minor = new IntByReference();
    return ask("nvmlDeviceGetCudaComputeCapability", card, major, minor)
        ? Optional.of(major.getValue() + "." + minor.getValue())
        : Optional.empty();
  }
}
