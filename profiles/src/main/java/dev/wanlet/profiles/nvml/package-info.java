// SPDX-License-Identifier: Apache-2.0
/**
 * What NVIDIA's driver tells of its cards through its management library (NVML): memory and who
 * holds it, link, power. The driver brings the library along, so it is asked whatever backend
 * drives the card, Vulkan too; where there is no such driver there is nothing to ask, and that is
 * said in a line.
 *
 * <p>The library is called through JNA, by name: a driver that lacks a function leaves a fact out
 * and takes nothing else with it.
 *
 * <p>Must not enter: what to do about it.
 */
package dev.wanlet.profiles.nvml;
