// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.parity;

import com.fasterxml.jackson.databind.JsonNode;
import dev.wanlet.wan.sampling.ExpertSchedule;
import dev.wanlet.wan.sampling.FlowSchedule;
import dev.wanlet.wan.sampling.SamplingMethod;
import dev.wanlet.wan.sampling.ScheduleReference;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/** Noise schedules, solvers, and which expert runs at each step. */
final class SchedulersCase implements ParityCase {
  private static final List<String> FILES =
      List.of("unipc", "dpmpp", "euler", "distilled", "euler_a", "res_multistep", "rcm", "tables");
  private static final String BOUNDARY = "boundary.json";

  @Override
  public Map<String, float[]> expected(ParityFolder folder) throws IOException {
    Map<String, float[]> expected = new LinkedHashMap<>();
    for (String file : FILES) {
      Path path = folder.directory().resolve(file + ".safetensors");
      if (Files.exists(path)) {
        expected.putAll(ParityFolder.values(file + ".", folder.tensors(path)));
      }
    }
    for (Map.Entry<String, JsonNode> entry : boundaryCases(folder)) {
      JsonNode c = entry.getValue();
      String tap = boundaryTap(entry.getKey());
      expected.put(tap + "timesteps", floats(c.path("timesteps")));
      expected.put(tap + "guide_scale", floats(c.path("guide_scale")));
      expected.put(tap + "first_low_step", new float[] {c.path("first_low_step").floatValue()});
      float[] experts = new float[c.path("expert").size()];
      for (int i = 0; i < experts.length; i++) {
        experts[i] = c.path("expert").get(i).asText().equals("high") ? 1 : 0;
      }
      expected.put(tap + "high_noise_expert", experts);
    }
    return expected;
  }

  @Override
  public void run(ParityFolder folder, Engine engine, Sink sink) throws IOException {
    ScheduleReference reference =
        new ScheduleReference(
            folder.requiredInput("x0"),
            folder.requiredInput("noise"),
            folder.requiredInput("renoise"));
    Set<String> cases = new TreeSet<>();
    for (String tap : expected(folder).keySet()) {
      if (!tap.startsWith(boundaryTap(""))) {
        cases.add(tap.substring(0, tap.lastIndexOf('.')));
      }
    }
    for (String name : cases) {
      reference.run(name).forEach((tap, values) -> sink.accept(name + "." + tap, values));
    }
    for (Map.Entry<String, JsonNode> entry : boundaryCases(folder)) {
      experts(entry.getKey(), entry.getValue(), sink);
    }
  }

  private static void experts(String name, JsonNode c, Sink sink) {
    SamplingMethod method = SamplingMethod.parse(name.substring(name.indexOf('/') + 1));
    int steps = c.path("steps").asInt();
    float[] scales = floats(c.path("guide_scale"));
    FlowSchedule schedule = method.schedule(steps, c.path("shift").asDouble());
    ExpertSchedule experts =
        ExpertSchedule.atBoundary(
            schedule, c.path("boundary").asDouble(), scales[0], scales[scales.length - 1]);
    float[] guide = new float[steps];
    float[] high = new float[steps];
    for (int i = 0; i < steps; i++) {
      guide[i] = experts.guideScale(i);
      high[i] = experts.expert(i) == ExpertSchedule.Expert.HIGH_NOISE ? 1 : 0;
    }
    String tap = boundaryTap(name);
    sink.accept(tap + "timesteps", schedule.timesteps());
    sink.accept(tap + "guide_scale", guide);
    sink.accept(tap + "first_low_step", new float[] {experts.firstLowStep()});
    sink.accept(tap + "high_noise_expert", high);
  }

  private static String boundaryTap(String name) {
    return name.isEmpty() ? "boundary." : "boundary." + name + ".";
  }

  private static Set<Map.Entry<String, JsonNode>> boundaryCases(ParityFolder folder)
      throws IOException {
    return Files.exists(folder.directory().resolve(BOUNDARY))
        ? folder.json(BOUNDARY).properties()
        : Set.of();
  }

  private static float[] floats(JsonNode array) {
    float[] values = new float[array.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = array.get(i).floatValue();
    }
    return values;
  }
}
