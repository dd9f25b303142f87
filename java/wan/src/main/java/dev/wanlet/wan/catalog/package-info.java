// SPDX-License-Identifier: Apache-2.0
/**
 * Which model it is, and where its files are. {@link dev.wanlet.wan.catalog.ModelCatalog} knows the
 * published models and the settings their authors recommend; {@link
 * dev.wanlet.wan.catalog.ModelResolver} finds the files that a user's {@link
 * dev.wanlet.wan.catalog.ModelSelection} means, and refuses those that do not fit together; {@link
 * dev.wanlet.wan.catalog.OpenModel} opens them and reads the configurations off them, or takes what
 * has no file from the catalog.
 *
 * <p>Must not enter: the settings of one clip ({@code request}), sizes in memory ({@code memory}),
 * and weights on a device.
 */
package dev.wanlet.wan.catalog;
