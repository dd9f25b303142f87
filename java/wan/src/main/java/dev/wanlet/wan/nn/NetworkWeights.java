// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.nn;

import dev.wanlet.ggml.Backend;
import dev.wanlet.weights.WeightSource;
import java.io.IOException;
import java.util.Objects;
import java.util.function.Function;
import java.util.function.IntFunction;

/**
 * Owner: the weights of one network on a device. Those around the blocks stay there; blocks stay or
 * pass through slots, as a {@link Placement} says. Devices with memory of their own are filled
 * through pinned memory.
 *
 * <p>Backend and reader (with the checkpoint behind it) must outlive it. One thread uses it.
 */
public final class NetworkWeights implements AutoCloseable {
  private WeightUpload upload;
  private WeightSet outer;
  private StreamedBlocks blocks;

  private NetworkWeights() {}

  /**
   * Loads a network from a checkpoint, in the types that suit precision and device.
   *
   * @param source the checkpoint, with official names
   * @param network the network's weights in types of a policy
   * @param placement what becomes of the blocks, given how many there are, such as {@link
   *     Placement#allResident}
   * @throws IOException if a weight is missing or cannot be read
   * @throws dev.wanlet.ggml.DeviceMemoryException if device or budget has not that much
   * @throws dev.wanlet.ggml.GgmlException with {@code ABORTED} if the backend was asked to stop
   */
  public static NetworkWeights open(
      Backend backend,
      WeightSource source,
      Precision precision,
      Function<TypePolicy, NetworkLayout> network,
      IntFunction<Placement> placement)
      throws IOException {
    NetworkLayout layout = network.apply(SourceTypes.of(source, precision, backend.device()));
    return open(backend, layout, new SourceReader(source), placement.apply(layout.blocks().size()));
  }

  /**
   * Loads a network whose types are chosen already.
   *
   * @param reader of the whole network; called from another thread too while blocks are streamed
   * @throws IOException as above, as are the other exceptions
   */
  public static NetworkWeights open(
      Backend backend, NetworkLayout layout, WeightReader reader, Placement placement)
      throws IOException {
    NetworkWeights weights = new NetworkWeights();
    try {
      weights.load(backend, layout, reader, placement);
      return weights;
    } catch (IOException | RuntimeException e) {
      weights.close();
      throw e;
    }
  }

  /**
   * Loads a network without blocks.
   *
   * @throws IOException as above, as are the other exceptions
   */
  public static NetworkWeights open(Backend backend, WeightLayout layout, WeightReader reader)
      throws IOException {
    NetworkWeights weights = new NetworkWeights();
    try {
      weights.loadOuter(backend, layout, reader);
      weights.closeUpload(); // nothing is uploaded later
      return weights;
    } catch (IOException | RuntimeException e) {
      weights.close();
      throw e;
    }
  }

  private void loadOuter(Backend backend, WeightLayout layout, WeightReader reader)
      throws IOException {
    upload = WeightUpload.open(backend);
    outer = new WeightSet(backend, layout);
    outer.fill(reader, upload);
  }

  private void load(Backend backend, NetworkLayout layout, WeightReader reader, Placement placement)
      throws IOException {
    loadOuter(backend, layout.outer(), reader);
    blocks = new StreamedBlocks(backend, layout.blocks(), reader, upload, placement);
  }

  /** The weights around the blocks. */
  public WeightSet outer() {
    return outer;
  }

  /**
   * The blocks.
   *
   * @throws NullPointerException if the network was opened without any
   */
  public StreamedBlocks blocks() {
    return Objects.requireNonNull(blocks, "this network has no blocks");
  }

  @Override
  public void close() {
    if (blocks != null) {
      blocks.close();
    }
    if (outer != null) {
      outer.close();
    }
    closeUpload();
  }

  private void closeUpload() {
    if (upload != null) {
      upload.close();
      upload = null;
    }
  }
}
