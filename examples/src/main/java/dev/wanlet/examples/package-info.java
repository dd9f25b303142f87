// SPDX-License-Identifier: Apache-2.0
/**
 * Programs that use Wanlet as a library: each one file, as short as it can be and still be right.
 * Only the published jars may be used here, no class of the project's own tests or commands.
 */
package dev.wanlet.examples;
