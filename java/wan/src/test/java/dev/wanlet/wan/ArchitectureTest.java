// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.library.Architectures.LayeredArchitecture;
import java.util.Arrays;
import java.util.List;

/** Arrows between the rooms of the runtime point down only. */
@AnalyzeClasses(
    packages = {
      "dev.wanlet.wan",
      "dev.wanlet.weights",
      "dev.wanlet.ggml",
      "dev.wanlet.files",
      "dev.wanlet.base"
    },
    importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {
  /** A room may use those further right. Rooms that a comma parts do not know each other. */
  @ArchTest
  static final ArchRule ARROWS_POINT_DOWN =
      arrows(
          "parity, quality > pipeline > request > memory > catalog"
              + " > model, sampling, text, media > nn > weights > ggml > files > base");

  @ArchTest
  static final ArchRule NETWORKS_STAND_ALONE =
      slices().matching("dev.wanlet.wan.model.(*)..").should().notDependOnEachOther();

  /** Samplers are pure arithmetic: a function stands for the model. Frames are bytes. */
  @ArchTest
  static final ArchRule SAMPLING_AND_MEDIA_KNOW_NO_DEVICES =
      noClasses()
          .that()
          .resideInAnyPackage("dev.wanlet.wan.sampling..", "dev.wanlet.wan.media..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("dev.wanlet.wan.nn..", "dev.wanlet.ggml..", "dev.wanlet.weights..");

  private static ArchRule arrows(String sentence) {
    List<List<String>> floors =
        Arrays.stream(sentence.split(" > ")).map(floor -> List.of(floor.split(", "))).toList();
    LayeredArchitecture rule =
        layeredArchitecture()
            .consideringOnlyDependenciesInLayers()
            .ensureAllClassesAreContainedInArchitecture();
    for (String room : floors.stream().flatMap(List::stream).toList()) {
      boolean below = List.of("weights", "ggml", "files", "base").contains(room);
      rule = rule.layer(room).definedBy("dev.wanlet." + (below ? "" : "wan.") + room + "..");
    }
    for (int i = 0; i < floors.size(); i++) {
      String[] further = floors.stream().skip(i + 1).flatMap(List::stream).toArray(String[]::new);
      for (String room : floors.get(i)) {
        rule =
            further.length == 0
                ? rule.whereLayer(room).mayNotAccessAnyLayer()
                : rule.whereLayer(room).mayOnlyAccessLayers(further);
      }
    }
    return rule.as(sentence);
  }
}
