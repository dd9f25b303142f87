// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaMember;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import java.util.Set;

/** What holds across all modules; the rooms inside the runtime have a test of their own there. */
@AnalyzeClasses(packages = "dev.wanlet", importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {
  @ArchTest
  static final ArchRule MODULES =
      layeredArchitecture()
          .consideringOnlyDependenciesInLayers()
          .ensureAllClassesAreContainedInArchitecture()
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
          .layer("files")
          .definedBy("dev.wanlet.files..")
          .layer("base")
          .definedBy("dev.wanlet.base..")
          .whereLayer("cli")
          .mayNotBeAccessedByAnyLayer()
          .whereLayer("profiles")
          .mayOnlyAccessLayers("wan", "weights", "ggml", "files", "base")
          .whereLayer("wan")
          .mayOnlyAccessLayers("weights", "ggml", "files", "base")
          .whereLayer("quantize")
          .mayOnlyAccessLayers("weights", "ggml", "files", "base")
          .whereLayer("demo")
          .mayOnlyAccessLayers("ggml", "files", "base")
          .whereLayer("weights")
          .mayOnlyAccessLayers("ggml", "files", "base")
          .whereLayer("ggml")
          .mayOnlyAccessLayers("files", "base")
          .whereLayer("files")
          .mayOnlyAccessLayers("base")
          .whereLayer("base")
          .mayNotAccessAnyLayer();

  @ArchTest
  static final ArchRule NO_PACKAGE_CYCLES =
      slices().matching("dev.wanlet.(**)").should().beFreeOfCycles();

  @ArchTest
  static final ArchRule INTERNALS_STAY_IN_THE_BINDING =
      noClasses()
          .that()
          .resideOutsideOfPackages("dev.wanlet.ggml..", "dev.wanlet.weights..")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("dev.wanlet.ggml.internal..");

  @ArchTest
  static final ArchRule PUBLIC_SIGNATURES_CAN_BE_USED =
      classes()
          .that()
          .arePublic()
          .and()
          .resideOutsideOfPackage("..internal..")
          .should(nameTypesThatOthersCanSee());

  /** Picocli and terminals belong to commands alone. */
  @ArchTest
  static final ArchRule LIBRARIES_KNOW_NO_COMMAND_LINE =
      noClasses()
          .that()
          .resideOutsideOfPackage("dev.wanlet.cli..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("picocli..", "me.tongfei..");

  /** stdout is for results, which commands print through picocli's writer. */
  @ArchTest
  static final ArchRule NOTHING_PRINTS_TO_STDOUT =
      noClasses().should().accessField(System.class, "out");

  @ArchTest
  static final ArchRule ONLY_COMMANDS_USE_THE_TERMINAL =
      noClasses()
          .that()
          .resideOutsideOfPackage("dev.wanlet.cli..")
          .should()
          .accessField(System.class, "err")
          .orShould()
          .callMethod(System.class, "exit", int.class);

  @ArchTest
  static final ArchRule COMMANDS_ARE_CALLED_SO =
      classes()
          .that()
          .areAnnotatedWith(picocli.CommandLine.Command.class)
          .should()
          .haveSimpleNameEndingWith("Command");

  private static ArchCondition<JavaClass> nameTypesThatOthersCanSee() {
    return new ArchCondition<>("name no internal or package-private types") {
      @Override
      public void check(JavaClass owner, ConditionEvents events) {
        for (JavaMember member : isVisible(owner) ? owner.getMembers() : Set.<JavaMember>of()) {
          boolean offered =
              member.getModifiers().contains(JavaModifier.PUBLIC)
                  || member.getModifiers().contains(JavaModifier.PROTECTED);
          if (offered && !member.getModifiers().contains(JavaModifier.SYNTHETIC)) {
            for (JavaClass type : member.getAllInvolvedRawTypes()) {
              events.add(event(member.getDescription(), type));
            }
          }
        }
      }

      private SimpleConditionEvent event(String user, JavaClass type) {
        JavaClass plain = type.getBaseComponentType();
        boolean ours = plain.getPackageName().startsWith("dev.wanlet");
        boolean hidden = plain.getPackageName().contains(".internal") || !isVisible(plain);
        return new SimpleConditionEvent(type, !ours || !hidden, user + " shows " + plain.getName());
      }
    };
  }

  private static boolean isVisible(JavaClass type) {
    boolean open =
        type.getModifiers().contains(JavaModifier.PUBLIC)
            || type.getModifiers().contains(JavaModifier.PROTECTED);
    return open && type.getEnclosingClass().map(ArchitectureTest::isVisible).orElse(true);
  }
}
