// SPDX-License-Identifier: Apache-2.0
/**
 * JMH benchmarks of the parts that decide how long a clip takes, at the sizes of real models and
 * with random weights. {@link dev.wanlet.bench.micro.Main} runs them.
 */
package dev.wanlet.bench.micro;
