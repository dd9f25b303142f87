// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.ggml;

import dev.wanlet.ggml.internal.GgmlJni;
import dev.wanlet.ggml.internal.NativeView;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * A device that ggml can compute on: the CPU, or a graphics card seen through one of the loaded
 * backends. Immutable, but for {@link #memory()}, which asks the driver. Devices live as long as
 * the process.
 */
public final class Device {
  /** What a device is; the order is ggml's {@code ggml_backend_dev_type}. */
  public enum Kind {
    CPU,
    GPU,
    INTEGRATED_GPU,
    ACCELERATOR,
    META
  }

  /** Free and total memory in bytes, as the driver reports them. */
  public record Memory(long freeBytes, long totalBytes) {}

  private final NativeView view;
  private final String name;
  private final String description;
  private final String backendName;
  private final Kind kind;

  private Device(long address) {
    this.view = new NativeView(this, address);
    this.name = text(view.call(GgmlJni::deviceName));
    this.description = text(view.call(GgmlJni::deviceDescription));
    this.backendName = text(view.call(GgmlJni::deviceBackend));
    this.kind = Kind.values()[view.<Integer>call(GgmlJni::deviceKind)];
  }

  /**
   * Every device of the loaded backends, graphics cards and CPU, in ggml's order. Nothing is opened
   * on a card for that, so a run takes no memory of cards that it does not use.
   */
  public static List<Device> all() {
    List<Device> devices = new ArrayList<>();
    for (long address : GgmlJni.devices()) {
      devices.add(new Device(address));
    }
    return List.copyOf(devices);
  }

  /** The CPU device, which is always there. */
  public static Device cpu() {
    return all().stream()
        .filter(d -> d.kind == Kind.CPU)
        .findFirst()
        .orElseThrow(
            () ->
                new GgmlException(
                    ErrorCode.DEVICE_NOT_FOUND,
                    "no CPU backend was loaded from "
                        + dev.wanlet.ggml.internal.NativeLibrary.directory()));
  }

  /**
   * The device of a name as {@link #name()} gives it, in any case; {@code auto} is the first
   * graphics card with memory of its own, else the CPU.
   *
   * @throws GgmlException with {@link ErrorCode#DEVICE_NOT_FOUND}, listing the names there are
   */
  public static Device byName(String name) {
    List<Device> devices = all();
    if (name.equalsIgnoreCase("auto")) {
      return devices.stream().filter(d -> d.kind == Kind.GPU).findFirst().orElseGet(Device::cpu);
    }
    return devices.stream()
        .filter(d -> d.name.equalsIgnoreCase(name))
        .findFirst()
        .orElseThrow(
            () ->
                new GgmlException(
                    ErrorCode.DEVICE_NOT_FOUND,
                    String.format(
                        Locale.ROOT,
                        "no device '%s'; have: %s (or auto)",
                        name,
                        devices.stream().map(Device::name).collect(Collectors.joining(", ")))));
  }

  /** Short unique name: {@code CPU}, {@code CUDA0}, {@code Vulkan0}. */
  public String name() {
    return name;
  }

  /** The product's name, such as the graphics card's. */
  public String description() {
    return description;
  }

  /** The backend that drives it: {@code CPU}, {@code CUDA}, {@code Vulkan}. */
  public String backendName() {
    return backendName;
  }

  public Kind kind() {
    return kind;
  }

  public boolean isCpu() {
    return kind == Kind.CPU;
  }

  /**
   * The instruction sets and options the device's kernels were built with, in ggml's names, such as
   * {@code AVX512_BF16}, with a value where they are no switches, such as {@code ARCHS=860,890};
   * empty where the backend lists none.
   */
  public Set<String> features() {
    return Set.copyOf(text(view.call(GgmlJni::deviceFeatures)).lines().toList());
  }

  /**
   * Whether a product of many rows is faster with a weight widened to BF16 first than with the
   * quantised one: on CPUs with BF16 dot products, which ggml's tiled kernels use. Rounding to BF16
   * is also finer than the 8 bits to which the kernels of quantised types round the other operand.
   */
  public boolean multipliesBf16Faster() {
    return isCpu() && features().containsAll(Set.of("AVX512_BF16", "LLAMAFILE"));
  }

  /**
   * Whether the threads of the CPU device sleep while they wait for each other: they meet at a
   * barrier of OpenMP, or at ggml's own as Wanlet's build corrects it.
   */
  boolean hasSleepingBarrier() {
    Set<String> features = features();
    return features.contains("OPENMP") || features.contains("SLEEPING_BARRIER");
  }

  /** Whether uploads from pinned memory overlap with computing. Opens the device. */
  public boolean hasAsyncTransfers() {
    return facts()[3] != 0;
  }

  /** Whether the device offers pinned host memory. Opens the device. */
  public boolean hasHostBuffers() {
    return facts()[4] != 0;
  }

  /** Free and total memory now. Opens the device. */
  public Memory memory() {
    long[] facts = facts();
    return new Memory(facts[1], facts[2]);
  }

  private long[] facts() {
    return view.call(GgmlJni::deviceFacts);
  }

  /**
   * The largest tensor, in bytes, that an operation on this device may read or write: Vulkan bounds
   * it, from 128 MiB on software devices to 4 GiB; {@code Long.MAX_VALUE} where there is no bound.
   * Opens the device.
   */
  public long maxTensorBytes() {
    return view.call(GgmlJni::deviceLargestTensor);
  }

  /** The type of buffer that graphs on this device compute in. */
  public BufferType bufferType() {
    return new BufferType(view.call(GgmlJni::deviceBufferType));
  }

  /** Pinned host memory of this device, or plain host memory where it has none. */
  public BufferType hostBufferType() {
    long type = view.call(GgmlJni::deviceHostBufferType);
    return type != 0 ? new BufferType(type) : cpu().bufferType();
  }

  /**
   * Further buffer types; on the CPU those that repack quantised weights for its matrix kernels.
   */
  public List<BufferType> extraBufferTypes() {
    List<BufferType> types = new ArrayList<>();
    for (long type : view.call(GgmlJni::deviceExtraBufferTypes)) {
      types.add(new BufferType(type));
    }
    return List.copyOf(types);
  }

  NativeView view() {
    return view;
  }

  @Override
  public String toString() {
    return name + " (" + description + ")";
  }

  static String text(byte[] utf8) {
    return new String(utf8, StandardCharsets.UTF_8);
  }
}
