// SPDX-License-Identifier: Apache-2.0
/**
 * How well clips keep to the pictures they begin and end with, counted on clips of the demo model.
 *
 * <p>Must not enter: measurements of full-size models.
 */
package dev.wanlet.bench.pictures;
