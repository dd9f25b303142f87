// SPDX-License-Identifier: Apache-2.0
/**
 * From a request to a clip. {@link dev.wanlet.wan.catalog.ModelCatalog} knows the published models
 * and their settings, {@link dev.wanlet.wan.catalog.ModelResolver} finds a model's files, and
 * {@link dev.wanlet.wan.request.GenerationRequest} is one clip to make, checked before anything is
 * loaded.
 */
package dev.wanlet.wan.pipeline;
