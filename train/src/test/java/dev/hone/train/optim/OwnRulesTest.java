package dev.hone.train.optim;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hone.autograd.Parameter;
import dev.hone.autograd.Variable;
import dev.hone.core.Tensor;
import dev.hone.train.TrainConfig;
import dev.hone.train.schedule.Schedule;
import dev.hone.train.schedule.ScheduleProvider;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.URL;
import java.net.URLConnection;
import java.net.URLStreamHandler;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.Enumeration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Optimisers and schedules of other programs, found as services, by the names that settings give. */
class OwnRulesTest {
  private static final Map<String, String> SERVICES = Map.of("META-INF/services/" + OptimizerProvider.class.getName(),
      "own.SignProvider", "META-INF/services/" + ScheduleProvider.class.getName(), "own.HalvesProvider");

  private final ClassLoader before = Thread.currentThread().getContextClassLoader();

  /** The loader of a jar with the classes of the package {@code own} and their services, on the class path. */
  private static final class OwnJar extends ClassLoader {
    OwnJar(ClassLoader parent) {
      super(parent);
    }

    @Override
    protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
      if (!name.startsWith("own.")) {
        return super.loadClass(name, resolve);
      }
      Class<?> known = findLoadedClass(name);
      if (known != null) {
        return known;
      }
      try (InputStream in = OwnRulesTest.class.getClassLoader().getResourceAsStream(name.replace('.', '/') + ".class")) {
        byte[] bytes = in.readAllBytes();
        return defineClass(name, bytes, 0, bytes.length);
      } catch (IOException e) {
        throw new ClassNotFoundException(name, e);
      }
    }

    @Override
    public Enumeration<URL> getResources(String name) throws IOException {
      String service = SERVICES.get(name);
      if (service == null) {
        return super.getResources(name);
      }
      URL url = URL.of(URI.create("own:" + service), new URLStreamHandler() {
        @Override
        protected URLConnection openConnection(URL asked) {
          return new URLConnection(asked) {
            @Override
            public void connect() {}

            @Override
            public InputStream getInputStream() {
              return new ByteArrayInputStream(service.getBytes(StandardCharsets.UTF_8));
            }
          };
        }
      });
      return Collections.enumeration(List.of(url));
    }
  }

  @BeforeEach
  void theJarIsThere() {
    Thread.currentThread().setContextClassLoader(new OwnJar(OwnRulesTest.class.getClassLoader()));
  }

  @AfterEach
  void asItWas() {
    Thread.currentThread().setContextClassLoader(before);
  }

  @Test
  void anOptimiserOfOnesOwnMovesParametersBySettings() {
    TrainConfig config = TrainConfig.of(Map.of("optim", "sign", "optim_args", "factor=0.5", "learning_rate", 0.1));
    UpdateRule rule = UpdateRule.named(config.optim(), 0.9, 0.999, 1e-8, config.optimArgs());
    assertEquals(0, rule.bytesPerElement());
    Parameter parameter = new Parameter("w", Tensor.of(new float[] {1, 2, 3}, 3), true);
    Optimizer optimizer = new Optimizer(List.of(parameter), Grouping.of(rule, 0));
    parameter.mul(Variable.constant(Tensor.of(new float[] {4, -0.1f, 0}, 3))).sum().backward();
    optimizer.step(config.learningRate(), 1);
    assertArrayEquals(new float[] {0.95f, 2.05f, 3}, parameter.value().toFloatArray(), 1e-6f);
    assertTrue(UpdateRule.names().contains("sign"));
    assertEquals(rule.toString(), UpdateRule.named("signsgd", 0, 0, 0, Map.of("factor", 0.5)).toString());
  }

  @Test
  void aScheduleOfOnesOwnIsFoundByItsName() {
    Schedule schedule = Schedule.named("halves", 0, 10, 1e-3, Map.of("every", 2));
    assertArrayEquals(new double[] {1, 1, 0.5, 0.5, 0.25}, new double[] {schedule.factor(0), schedule.factor(1),
        schedule.factor(2),
        schedule.factor(3), schedule.factor(4)});
    assertEquals("halves", TrainConfig.of(Map.of("lr_scheduler_type", "halves", "warmup_ratio", 0)).lrSchedulerType());
  }

  @Test
  void whatNobodyHasIsNamedWithWhatThereIs() {
    String optimiser = assertThrows(IllegalArgumentException.class, () -> UpdateRule.named("lamb", 0.9, 0.999, 1e-8, Map.of()))
        .getMessage();
    assertTrue(optimiser.startsWith("optim: 'lamb' is not known; known: adamw, ") && optimiser.endsWith("sgd, sign"), optimiser);
    String schedule = assertThrows(IllegalArgumentException.class, () -> Schedule.named("zigzag", 0, 9, 1, Map.of()))
        .getMessage();
    assertTrue(schedule.endsWith("one_cycle, halves"), schedule);
    String argument = assertThrows(IllegalArgumentException.class, () -> UpdateRule.named("sign", 0, 0, 0, Map.of("size", 1)))
        .getMessage();
    assertEquals("optimizer sign: no argument 'size'; known: factor", argument);
  }
}
