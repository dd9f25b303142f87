// SPDX-License-Identifier: Apache-2.0
/**
 * From a request to a clip. {@link dev.wanlet.wan.pipeline.ModelCatalog} knows the published models
 * and their settings, {@link dev.wanlet.wan.pipeline.ModelResolver} finds a model's files, and
 * {@link dev.wanlet.wan.pipeline.GenerationRequest} is one clip to make, checked before anything is
 * loaded.
 */
package dev.wanlet.wan.pipeline;
