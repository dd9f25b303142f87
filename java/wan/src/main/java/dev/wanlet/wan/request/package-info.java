// SPDX-License-Identifier: Apache-2.0
/**
 * What is asked of a run, decided and checked before anything is loaded. {@link
 * dev.wanlet.wan.request.Settings} is the one table of settings: names, defaults, ranges, help.
 * {@link dev.wanlet.wan.request.GenerationRequest} holds the decided values of one clip, {@link
 * dev.wanlet.wan.request.SavedSettings} writes them into clips and saved runs and reads them back.
 *
 * <p>What must not enter: how a run is carried out (pipeline), where model files are found
 * (catalog), what fits into memory (memory), parsing of a command line (the commands make their
 * flags from the table).
 */
package dev.wanlet.wan.request;
