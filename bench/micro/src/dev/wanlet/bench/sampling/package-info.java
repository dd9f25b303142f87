// SPDX-License-Identifier: Apache-2.0
/**
 * What ways of sampling cost and lose, counted on clips of the demo model.
 *
 * <p>Must not enter: measurements of full-size models.
 */
package dev.wanlet.bench.sampling;
