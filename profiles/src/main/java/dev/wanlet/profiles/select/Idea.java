// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.profiles.select;

import dev.wanlet.wan.memory.RunPlanner;

/**
 * A clip that could be made, not planned yet. Immutable.
 *
 * @param job size, frames, and the steps that run
 * @param steps that are asked for; of a clip that is made over fewer run
 * @param quality orders ideas, see {@link QualityScore}
 * @param leastSeconds it cannot take less
 */
record Idea(
    Selector.Option option, RunPlanner.Job job, int steps, double quality, double leastSeconds) {}
