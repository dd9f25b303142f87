// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.weights.checkpoint;

/**
 * Takes out of tensor names what wrappers of modules put in, anywhere and any number of times:
 * {@code module} of DDP and DeepSpeed, and Python's private attributes, such as {@code _orig_mod}
 * of torch.compile, {@code _fsdp_wrapped_module} of FSDP, {@code _checkpoint_wrapped_module} of
 * activation checkpointing, or {@code _modules} and {@code _parameters} of a module that was
 * pickled whole. No network of Wan has such names of its own. Stateless, thread-safe.
 *
 * <p>What stands before a network as a whole ({@code model.diffusion_model.}) is not a matter of
 * known words: {@link NetworkFinder} takes whatever it finds there.
 */
final class WrapperNames {
  private WrapperNames() {}

  /** The name without wrappers; the last part always stays. */
  static String unwrapped(String name) {
    StringBuilder kept = new StringBuilder(name.length());
    int start = 0;
    for (int dot = name.indexOf('.'); dot >= 0; dot = name.indexOf('.', start)) {
      String part = name.substring(start, dot);
      if (!part.startsWith("_") && !part.equals("module")) {
        kept.append(part).append('.');
      }
      start = dot + 1;
    }
    return kept.append(name, start, name.length()).toString();
  }
}
