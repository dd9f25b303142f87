// SPDX-License-Identifier: Apache-2.0
/**
 * LoRA adapters as files: {@link dev.wanlet.weights.lora.LoraAdapter} sorts the tensors of a file
 * by module and {@link dev.wanlet.weights.lora.LoraKeys} finds the module of the model that each
 * belongs to. What is done with them - merging into a file, adding at run time - is the caller's
 * matter.
 */
package dev.wanlet.weights.lora;
