// SPDX-License-Identifier: Apache-2.0
/** What quantisation costs in quality, counted on rendered clips of the demo model. */
package dev.wanlet.bench.quantize;
