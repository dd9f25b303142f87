// SPDX-License-Identifier: Apache-2.0
/**
 * Step caches: rules that tell at which steps the transformer's blocks need not run, because what
 * they did last is nearly what they would do again. They see numbers and arrays, no devices.
 *
 * <p>What must not enter: how the work of blocks is kept (model.transformer), how it is done again
 * after a resume (pipeline).
 */
package dev.wanlet.wan.sampling.cache;
