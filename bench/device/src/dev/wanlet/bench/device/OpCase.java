// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.bench.device;

import dev.wanlet.ggml.GraphBuilder;
import dev.wanlet.ggml.Tensor;
import java.util.List;
import java.util.function.BiFunction;

/**
 * An operation of a Wan graph at one shape. Immutable.
 *
 * @param name unique
 * @param nmse bound of the normalised mean square error against the CPU
 * @param flops floating-point operations of its products
 * @param operands what it reads
 * @param op builds it, given the operands in order
 */
record OpCase(
    String name,
    double nmse,
    double flops,
    List<Operand> operands,
    BiFunction<GraphBuilder, List<Tensor>, Tensor> op) {}
