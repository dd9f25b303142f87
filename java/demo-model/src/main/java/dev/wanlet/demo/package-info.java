// SPDX-License-Identifier: Apache-2.0
/**
 * The small model that comes along as resources, and its way from the jar to a folder that can be
 * mapped.
 *
 * <p>Must not enter: anything that runs a model. Others get a folder from here and treat it as any
 * other.
 */
package dev.wanlet.demo;
