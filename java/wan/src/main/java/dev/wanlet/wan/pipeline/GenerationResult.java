// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.pipeline;

import dev.wanlet.wan.memory.Stage;
import dev.wanlet.wan.request.GenerationRequest;
import dev.wanlet.wan.sampling.cache.CacheTally;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What a run made, and what it took. Immutable.
 *
 * @param output the finished file
 * @param request what was asked for
 * @param stepSeconds time of each sampling step
 * @param stepUploadedBytes weights of blocks that were streamed to the device in each step; what is
 *     loaded ahead counts where its loading begins
 * @param stageSeconds time of each stage in the order they ran, loading weights included
 * @param plannedPeakBytes most device memory the plan allowed for
 * @param measuredPeakBytes most device memory in use
 * @param cache what the step cache saved in the steps that ran here; empty without one
 */
public record GenerationResult(
    Path output,
    GenerationRequest request,
    List<Double> stepSeconds,
    List<Long> stepUploadedBytes,
    Map<Stage, Double> stageSeconds,
    long plannedPeakBytes,
    long measuredPeakBytes,
    Optional<CacheTally> cache) {

  public GenerationResult {
    stepSeconds = List.copyOf(stepSeconds);
    stepUploadedBytes = List.copyOf(stepUploadedBytes);
    stageSeconds = Collections.unmodifiableMap(new LinkedHashMap<>(stageSeconds));
  }
}
