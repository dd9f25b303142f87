// SPDX-License-Identifier: Apache-2.0
/**
 * Noise, schedules, solvers, guidance and the sampling loop: arithmetic on float arrays, no
 * devices.
 *
 * <p>Wan is a flow-matching model. A latent at noise level {@code sigma} is {@code (1 - sigma) *
 * clean + sigma * noise}, the transformer predicts the velocity {@code noise - clean}, and a solver
 * walks from sigma 1 to sigma 0. Reading order: {@link dev.wanlet.wan.sampling.FlowSchedule} (the
 * noise levels), {@link dev.wanlet.wan.sampling.Sampler} (one solver, one run), {@link
 * dev.wanlet.wan.sampling.SamplingLoop} (the run).
 */
package dev.wanlet.wan.sampling;
