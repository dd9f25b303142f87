// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/** Arrows between modules point down only. */
@AnalyzeClasses(packages = "dev.wanlet", importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {
  @ArchTest
  static final ArchRule MODULES =
      layeredArchitecture()
          .consideringOnlyDependenciesInLayers()
          .withOptionalLayers(true)
          .layer("cli")
          .definedBy("dev.wanlet.cli..")
          .layer("profiles")
          .definedBy("dev.wanlet.profiles..")
          .layer("wan")
          .definedBy("dev.wanlet.wan..")
          .layer("quantize")
          .definedBy("dev.wanlet.quantize..")
          .layer("demo")
          .definedBy("dev.wanlet.demo..")
          .layer("weights")
          .definedBy("dev.wanlet.weights..")
          .layer("ggml")
          .definedBy("dev.wanlet.ggml..")
          .whereLayer("cli")
          .mayNotBeAccessedByAnyLayer()
          .whereLayer("profiles")
          .mayOnlyBeAccessedByLayers("cli")
          .whereLayer("quantize")
          .mayOnlyBeAccessedByLayers("cli")
          .whereLayer("demo")
          .mayOnlyBeAccessedByLayers("cli")
          .whereLayer("wan")
          .mayOnlyBeAccessedByLayers("cli", "profiles");

  /** Picocli and terminals belong to commands alone. */
  @ArchTest
  static final ArchRule LIBRARIES_KNOW_NO_COMMAND_LINE =
      noClasses()
          .that()
          .resideInAnyPackage("dev.wanlet.wan..", "dev.wanlet.ggml..", "dev.wanlet.weights..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("picocli..", "me.tongfei..");

  /** stdout is for results, which commands print through picocli's writer. */
  @ArchTest
  static final ArchRule NOTHING_PRINTS_TO_STDOUT =
      noClasses().should().accessField(System.class, "out");

  @ArchTest
  static final ArchRule COMMANDS_ARE_CALLED_SO =
      classes()
          .that()
          .areAnnotatedWith(picocli.CommandLine.Command.class)
          .should()
          .haveSimpleNameEndingWith("Command");
}
