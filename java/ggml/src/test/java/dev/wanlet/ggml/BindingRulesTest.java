// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.ggml;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.codeUnits;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.methods;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaAccess;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaMethod;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import dev.wanlet.ggml.internal.GgmlJni;
import dev.wanlet.ggml.internal.MappedFileJni;
import dev.wanlet.ggml.internal.NativeHandle;
import dev.wanlet.ggml.internal.NativeObject;
import dev.wanlet.weights.MappedFile;
import dev.wanlet.weights.write.WeightWriter;
import java.util.Arrays;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * A native call cannot be made without keeping what it works on from being collected, because only
 * {@link NativeObject} knows addresses.
 */
@AnalyzeClasses(
    packages = {"dev.wanlet.ggml", "dev.wanlet.weights"},
    importOptions = ImportOption.DoNotIncludeTests.class)
class BindingRulesTest {
  @ArchTest
  static final ArchRule ONLY_CALLS_READ_ADDRESSES =
      methods()
          .that()
          .haveName("address")
          .and()
          .areDeclaredInClassesThat()
          .areAssignableTo(NativeObject.class)
          .should(onlyBeCalledFrom(NativeObject.class, NativeHandle.class));

  /** Memory that is read and written between calls; see {@link NativeHandle#lend()}. */
  @ArchTest
  static final ArchRule ONLY_MEMORY_IS_LENT =
      methods()
          .that()
          .haveName("lend")
          .and()
          .areDeclaredIn(NativeHandle.class)
          .should(onlyBeCalledFrom(HostMemory.class, Buffer.class, MappedFile.class));

  @ArchTest
  static final ArchRule ONLY_THE_BINDING_CALLS_GGML =
      noClasses()
          .that()
          .resideOutsideOfPackages("dev.wanlet.ggml", "dev.wanlet.ggml.internal")
          .should()
          .dependOnClassesThat()
          .belongToAnyOf(GgmlJni.class);

  @ArchTest
  static final ArchRule ONLY_FILES_ARE_MAPPED =
      methods()
          .that()
          .areDeclaredIn(MappedFileJni.class)
          .and()
          .haveModifier(JavaModifier.NATIVE)
          .should(onlyBeCalledFrom(MappedFile.class, WeightWriter.class));

  @ArchTest
  static final ArchRule NATIVE_METHODS_STAND_TOGETHER =
      codeUnits()
          .that()
          .haveModifier(JavaModifier.NATIVE)
          .should()
          .beDeclaredInClassesThat()
          .belongToAnyOf(GgmlJni.class, MappedFileJni.class);

  private static ArchCondition<JavaMethod> onlyBeCalledFrom(Class<?>... callers) {
    Set<String> names = Arrays.stream(callers).map(Class::getName).collect(Collectors.toSet());
    return new ArchCondition<>("only be called from " + names) {
      @Override
      public void check(JavaMethod method, ConditionEvents events) {
        for (JavaAccess<?> use : method.getAccessesToSelf()) {
          JavaClass from = use.getOriginOwner();
          events.add(
              new SimpleConditionEvent(use, names.contains(from.getName()), use.getDescription()));
        }
      }
    };
  }
}
