// SPDX-License-Identifier: Apache-2.0
/**
 * Options that several commands share. {@link dev.wanlet.cli.options.SettingFlags} makes flags from
 * the table of settings, {@link dev.wanlet.cli.options.ModelFinder} finds the files of the model
 * they name.
 *
 * <p>What must not enter: names, defaults, ranges or help of a setting, which are in the table
 * ({@link dev.wanlet.wan.request.Settings}); options of a single command.
 */
package dev.wanlet.cli.options;
