// SPDX-License-Identifier: Apache-2.0
/**
 * The native side of the binding: the JNI declarations, handles that keep what a call works on
 * alive, and the search for the native library. Nobody outside {@code dev.wanlet.ggml} and {@code
 * dev.wanlet.weights} may use it.
 *
 * <p>Must not enter: rules about tensors or graphs, which belong to the classes that call these.
 */
package dev.wanlet.ggml.internal;
