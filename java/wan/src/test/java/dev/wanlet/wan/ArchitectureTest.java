// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/** Arrows between the packages of the runtime point down only. */
@AnalyzeClasses(packages = "dev.wanlet", importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {
  @ArchTest
  static final ArchRule PACKAGES =
      layeredArchitecture()
          .consideringOnlyDependenciesInLayers()
          .layer("pipeline")
          .definedBy("dev.wanlet.wan.pipeline..")
          .layer("memory")
          .definedBy("dev.wanlet.wan.memory..")
          .layer("model")
          .definedBy("dev.wanlet.wan.model..")
          .layer("nn")
          .definedBy("dev.wanlet.wan.nn..")
          .layer("sampling")
          .definedBy("dev.wanlet.wan.sampling..")
          .layer("text")
          .definedBy("dev.wanlet.wan.text..")
          .layer("media")
          .definedBy("dev.wanlet.wan.media..")
          .layer("weights")
          .definedBy("dev.wanlet.weights..")
          .layer("ggml")
          .definedBy("dev.wanlet.ggml..")
          .whereLayer("pipeline")
          .mayNotBeAccessedByAnyLayer()
          .whereLayer("memory")
          .mayOnlyBeAccessedByLayers("pipeline")
          .whereLayer("model")
          .mayOnlyBeAccessedByLayers("pipeline", "memory")
          .whereLayer("nn")
          .mayOnlyBeAccessedByLayers("pipeline", "memory", "model")
          .whereLayer("sampling")
          .mayOnlyBeAccessedByLayers("pipeline")
          .whereLayer("text")
          .mayOnlyBeAccessedByLayers("pipeline")
          .whereLayer("media")
          .mayOnlyBeAccessedByLayers("pipeline")
          .whereLayer("ggml")
          .mayOnlyBeAccessedByLayers("pipeline", "memory", "model", "nn", "weights");

  /** Samplers are pure arithmetic: a function stands for the model. */
  @ArchTest
  static final ArchRule SAMPLING_KNOWS_NO_DEVICES =
      noClasses()
          .that()
          .resideInAPackage("dev.wanlet.wan.sampling..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("dev.wanlet.ggml..", "dev.wanlet.weights..");

  @ArchTest
  static final ArchRule BINDING_KNOWS_NOTHING_OF_WAN =
      noClasses()
          .that()
          .resideInAnyPackage("dev.wanlet.ggml..", "dev.wanlet.weights..")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("dev.wanlet.wan..");
}
