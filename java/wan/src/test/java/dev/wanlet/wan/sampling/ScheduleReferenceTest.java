// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.sampling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import com.fasterxml.jackson.databind.JsonNode;
import dev.wanlet.wan.sampling.ExpertSchedule.Expert;
import java.io.IOException;
import java.util.Map;
import java.util.TreeSet;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ScheduleReferenceTest {
  private static GoldenFolder golden;
  private static ScheduleReference reference;

  @BeforeAll
  static void load() throws IOException {
    golden = new GoldenFolder("schedulers");
    Map<String, float[]> inputs = golden.tensors("inputs.safetensors");
    reference = new ScheduleReference(inputs.get("x0"), inputs.get("noise"), inputs.get("renoise"));
  }

  @ParameterizedTest
  @CsvSource({
    "unipc, 36",
    "dpmpp, 27",
    "euler, 27",
    "distilled, 21",
    "euler_a, 27",
    "res_multistep, 27",
    "rcm, 24",
    "tables, 90"
  })
  void solversFollowTheReference(String file, int taps) throws IOException {
    Map<String, float[]> expected = golden.tensors(file + ".safetensors");
    assertThat(expected).hasSize(taps);
    TreeSet<String> cases = new TreeSet<>();
    expected.keySet().forEach(tap -> cases.add(tap.substring(0, tap.lastIndexOf('.'))));
    for (String name : cases) {
      Map<String, float[]> actual = reference.run(file + "." + name);
      expected.forEach(
          (tap, values) -> {
            if (tap.startsWith(name + ".")) {
              String kind = tap.substring(name.length() + 1);
              golden.check(file + "." + tap, actual.get(kind), values);
              if (kind.equals("timesteps") && !file.equals("rcm")) {
                assertThat(actual.get(kind)).as(tap).isEqualTo(values);
              }
            }
          });
    }
  }

  @Test
  void expertsFollowTheReference() throws IOException {
    JsonNode cases = golden.json("boundary.json");
    assertThat(cases.size()).isEqualTo(8);
    cases
        .properties()
        .forEach(
            entry -> {
              String name = entry.getKey();
              JsonNode expected = entry.getValue();
              SamplingMethod method = SamplingMethod.parse(name.substring(name.indexOf('/') + 1));
              JsonNode scales = expected.get("guide_scale");
              int steps = expected.get("steps").asInt();
              FlowSchedule schedule = method.schedule(steps, expected.get("shift").asDouble());
              ExpertSchedule experts =
                  ExpertSchedule.atBoundary(
                      schedule,
                      expected.get("boundary").asDouble(),
                      scales.get(0).floatValue(),
                      scales.get(steps - 1).floatValue());
              assertThat(experts.firstLowStep())
                  .as(name)
                  .isEqualTo(expected.get("first_low_step").asInt());
              for (int i = 0; i < steps; i++) {
                boolean high = expected.get("expert").get(i).asText().equals("high");
                assertThat(schedule.timestep(i))
                    .isEqualTo(expected.get("timesteps").get(i).floatValue());
                assertThat(experts.expert(i))
                    .as("%s, step %d", name, i)
                    .isEqualTo(high ? Expert.HIGH_NOISE : Expert.LOW_NOISE);
                assertThat(experts.guideScale(i)).isEqualTo(scales.get(i).floatValue());
              }
            });
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "unipc.steps4",
        "heun.steps4_shift3",
        "distilled.list_shift3",
        "",
        "steps4_shift3"
      })
  void refusesUnknownCases(String name) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> reference.run(name))
        .withMessageContaining("'" + name + "'")
        .withMessageContaining("stepsN_shiftS");
  }

  @Test
  void refusesInputsThatDoNotFitTogether() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new ScheduleReference(new float[4], new float[3], new float[8]))
        .withMessageContaining("x0 has 4");
  }
}
