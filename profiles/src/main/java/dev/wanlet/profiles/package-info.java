// SPDX-License-Identifier: Apache-2.0
/**
 * How fast this machine is: short measurements of its devices, remembered in the user's cache.
 *
 * <p>Must not enter: plans. The planner gets the rates as numbers and does not know where they come
 * from.
 */
package dev.wanlet.profiles;
