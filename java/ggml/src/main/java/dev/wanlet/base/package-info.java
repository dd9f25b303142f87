// SPDX-License-Identifier: Apache-2.0
/**
 * What every room needs and none owns: text that is safe to show, and the user's cache folder.
 *
 * <p>Must not enter: anything about tensors, models, media or commands.
 */
package dev.wanlet.base;
