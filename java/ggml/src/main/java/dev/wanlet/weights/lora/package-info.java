// SPDX-License-Identifier: Apache-2.0
/**
 * LoRA adapters as files: {@link dev.wanlet.weights.lora.LoraAdapter} sorts the tensors of a file
 * by module, {@link dev.wanlet.weights.lora.LoraMatch} says what they change in a model and at
 * which scale, and what was left out. What is done with the changes - merging into a file, adding
 * at run time - is the caller's matter.
 */
package dev.wanlet.weights.lora;
