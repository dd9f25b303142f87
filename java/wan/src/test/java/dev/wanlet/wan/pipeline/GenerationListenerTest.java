// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wanlet.ggml.Shape;
import dev.wanlet.wan.memory.Stage;
import dev.wanlet.wan.request.GenerationRequest;
import java.io.IOException;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class GenerationListenerTest extends DemoRuns {
  private static final String BOTH = "and";

  private static GenerationListener hearing(String name, List<String> told) {
    InvocationHandler handler =
        (proxy, method, arguments) -> {
          if (method.getName().equals(BOTH)) {
            return InvocationHandler.invokeDefault(proxy, method, arguments);
          }
          told.add(name + " " + method.getName());
          return null;
        };
    return (GenerationListener)
        Proxy.newProxyInstance(
            GenerationListener.class.getClassLoader(),
            new Class<?>[] {GenerationListener.class},
            handler);
  }

  @Test
  void twoListenersBothHearEveryEventInTheirOrder() throws ReflectiveOperationException {
    List<String> told = new ArrayList<>();
    GenerationListener both = hearing("first", told).and(hearing("second", told));
    int events = 0;
    for (Method event : GenerationListener.class.getMethods()) {
      if (!event.getName().equals(BOTH)) {
        Object[] arguments =
            Arrays.stream(event.getParameterTypes()).map(GenerationListenerTest::any).toArray();
        event.invoke(both, arguments);
        assertThat(told.subList(2 * events, told.size()))
            .containsExactly("first " + event.getName(), "second " + event.getName());
        events++;
      }
    }
    assertThat(events).isGreaterThan(8);
  }

  private static Object any(Class<?> type) {
    if (type == int.class) {
      return 1;
    }
    if (type == double.class) {
      return 1.0;
    }
    return type == FloatBuffer.class ? FloatBuffer.allocate(1) : null;
  }

  /** Keeps the latents, and what was told of the stages by then. */
  private static final class Latents implements GenerationListener {
    private final List<String> stages = new ArrayList<>();
    private Shape shape;
    private float[] values;
    private boolean isReadOnly;

    @Override
    public void stageStarted(Stage stage, int total) {
      stages.add(stage.id());
    }

    @Override
    public void progress(Stage stage, double done, int total) {}

    @Override
    public void sampled(Shape of, FloatBuffer latents) {
      stages.add("told");
      shape = of;
      isReadOnly = latents.isReadOnly();
      values = new float[latents.remaining()];
      latents.get(values);
    }
  }

  @Test
  void theFinalLatentsAreToldBeforeTheyAreDecoded() throws IOException {
    GenerationRequest request =
        GenerationRequest.builder()
            .prompt("a red circle")
            .seed(7)
            .steps(2)
            .frames(5)
            .output(folder.resolve("clip.gif"))
            .build(files.model());
    Latents told = new Latents();
    pipeline.generate(request, RunOptions.defaults().withListener(told));
    assertThat(told.stages).containsExactly("text", "sample", "told", "decode");
    assertThat(told.isReadOnly).isTrue();
    Files.delete(request.output());
    try (OpenPipeline open = pipeline.open();
        SamplingRun run = open.start(request)) {
      while (!run.isDone()) {
        run.step();
      }
      assertThat(told.shape).isEqualTo(run.shape());
      assertThat(told.values).isEqualTo(run.latents());
    }
  }
}
