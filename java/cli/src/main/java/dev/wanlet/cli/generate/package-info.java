// SPDX-License-Identifier: Apache-2.0
/**
 * The commands that make clips, or say what making them takes: generate, resume, plan.
 *
 * <p>What must not enter: what a setting means and which values it takes ({@link
 * dev.wanlet.wan.request}), how a run is planned and carried out. Commands read flags, call the
 * pipeline and print.
 */
package dev.wanlet.cli.generate;
