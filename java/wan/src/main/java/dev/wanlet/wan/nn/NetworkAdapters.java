// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.nn;

import dev.wanlet.ggml.Device;
import dev.wanlet.ggml.TensorType;
import dev.wanlet.weights.StoredType;
import dev.wanlet.weights.WeightTensor;
import dev.wanlet.weights.lora.LoraMatch;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Adapters of a network while it runs. Low-rank changes become {@linkplain SidePath paths} beside
 * its matrices, which stay as they are, quantised or streamed; they are weights like others, so
 * they are planned, kept and streamed with their block. Differences are added to small weights when
 * those are loaded. Immutable; valid while the adapters' files are open.
 */
public final class NetworkAdapters {
  /** No adapters. */
  public static final NetworkAdapters NONE = new NetworkAdapters(List.of());

  private static final String WEIGHT = ".weight";

  private final Map<String, List<LoraMatch.LowRank>> paths = new LinkedHashMap<>();
  private final Map<String, List<LoraMatch.Difference>> differences = new LinkedHashMap<>();

  /**
   * @param matches adapters matched with this network, in the order in which they are added
   */
  public NetworkAdapters(List<LoraMatch> matches) {
    for (LoraMatch match : matches) {
      for (LoraMatch.LowRank change : match.lowRank()) {
        paths.computeIfAbsent(module(change.tensor()), m -> new ArrayList<>()).add(change);
      }
      for (LoraMatch.Difference change : match.differences()) {
        differences.computeIfAbsent(change.tensor(), t -> new ArrayList<>()).add(change);
      }
    }
  }

  private static String module(String tensor) {
    return tensor.endsWith(WEIGHT)
        ? tensor.substring(0, tensor.length() - WEIGHT.length())
        : tensor;
  }

  boolean isEmpty() {
    return paths.isEmpty() && differences.isEmpty();
  }

  /** The changes by products to a module, in the order of their paths. */
  List<LoraMatch.LowRank> paths(String module) {
    return paths.getOrDefault(module, List.of());
  }

  /** The differences to a tensor. */
  List<LoraMatch.Difference> differences(String tensor) {
    return differences.getOrDefault(tensor, List.of());
  }

  /**
   * The types of the network with the paths: in the types their files have, as far as the device
   * does that well, or all in F32.
   */
  public TypePolicy types(TypePolicy plain, Precision precision, Device device) {
    return isEmpty() ? plain : new AdaptedTypes(plain, this, precision, device);
  }

  /** A reader of the network that also delivers the paths, and adds the differences. */
  public WeightReader reader(WeightReader plain) {
    return isEmpty() ? plain : new AdaptedReader(plain, this);
  }

  /**
   * The type a path is computed in: F32 if one of its matrices is, else one of 16 bits. Measured on
   * a 1.3B step with rank 64 beside every matrix: 12% more time in BF16, 16% in F16, on a CPU that
   * multiplies BF16 faster.
   */
  static TensorType type(LoraMatch.LowRank change, Precision precision, Device device) {
    if (precision == Precision.F32) {
      return TensorType.F32;
    }
    boolean wide =
        Stream.of(change.down(), change.up())
            .map(WeightTensor::type)
            .anyMatch(t -> t == StoredType.F32 || t == StoredType.F64);
    if (wide) {
      return TensorType.F32;
    }
    boolean bfloat =
        Stream.of(change.down(), change.up()).allMatch(t -> t.type() == StoredType.BF16);
    // CUDA multiplies F16 weights in F16, which overflows in these networks.
    boolean prefers = !device.isCpu() || device.multipliesBf16Faster();
    return bfloat || prefers ? TensorType.BF16 : TensorType.F16;
  }

  /** Host memory that one of the weights takes on its way into its type, at most. */
  public long convertedBytes(Precision precision, Device device) {
    long most = 0;
    for (List<LoraMatch.LowRank> some : paths.values()) {
      for (LoraMatch.LowRank change : some) {
        TensorType type = type(change, precision, device);
        for (WeightTensor matrix : List.of(change.down(), change.up())) {
          if (matrix.type().tensorType().filter(t -> t == type).isEmpty()) {
            most = Math.max(most, 2L * Float.BYTES * matrix.elements());
          }
        }
      }
    }
    for (List<LoraMatch.Difference> some : differences.values()) {
      // The weight, the same widened, and the difference.
      most = Math.max(most, 3L * Float.BYTES * some.get(0).difference().elements());
    }
    return most;
  }
}
