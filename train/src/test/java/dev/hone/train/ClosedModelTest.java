package dev.hone.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.hone.nn.ModelException;
import dev.hone.nn.Pass;
import dev.hone.nn.PretrainedModel;
import dev.hone.nn.Task;
import dev.hone.nn.TokenBatch;
import dev.hone.nn.load.ModelLoader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A model that is closed lets go of its files at once and answers nothing more. */
class ClosedModelTest {
  private static final Path MAPS = Path.of("/proc/self/maps");

  @TempDir
  private Path temporary;

  private static float[] answer(PretrainedModel model) {
    return model.forward(TokenBatch.of(List.of(new int[] {2, 5, 9, 3})), Pass.inference()).value().toFloatArray();
  }

  private static boolean mapped(Path directory) throws IOException {
    return Files.readString(MAPS).contains(directory.toRealPath().resolve("model.safetensors").toString());
  }

  @Test
  void aClosableModelIsUnmappedWhenItIsClosed() throws IOException {
    assumeTrue(Files.exists(MAPS), "this system does not list what is mapped");
    Path directory = TinyModel.write(temporary.resolve("model"));
    PretrainedModel usual = PretrainedModel.load(TinyModel.write(temporary.resolve("other")), Task.EMBEDDING);
    try (PretrainedModel model = new ModelLoader(directory).task(Task.EMBEDDING).closable().load()) {
      assertArrayEquals(answer(usual), answer(model));
      assertTrue(mapped(directory));
    }
    assertFalse(mapped(directory));
  }

  @Test
  void aClosedModelAnswersNothingAndStaysClosed() throws IOException {
    Path directory = TinyModel.write(temporary.resolve("model"));
    for (boolean closable : new boolean[] {false, true}) {
      ModelLoader loader = new ModelLoader(directory).task(Task.EMBEDDING);
      PretrainedModel model = (closable ? loader.closable() : loader).load();
      PretrainedModel twin = model.twin();
      model.close();
      model.close();
      assertEquals("forward: the model is closed", assertThrows(IllegalStateException.class, () -> answer(model)).getMessage());
      assertThrows(IllegalStateException.class, model::training);
      assertThrows(IllegalStateException.class, () -> model.change("attach"));
      if (closable) {
        assertThrows(IllegalStateException.class, () -> answer(twin));
      } else {
        assertEquals(4, answer(twin).length / 4);
      }
    }
  }

  @Test
  void aModelInUseIsNotClosed() throws IOException {
    PretrainedModel model = new ModelLoader(TinyModel.write(temporary.resolve("model"))).task(Task.EMBEDDING).closable().load();
    Thread trainer = new Thread(model::training);
    trainer.start();
    assertTrue(join(trainer));
    assertThrows(IllegalStateException.class, model::close);
  }

  @Test
  void aModelThatCannotBeLoadedLeavesNothingMapped() throws IOException {
    assumeTrue(Files.exists(MAPS), "this system does not list what is mapped");
    Path directory = TinyModel.write(temporary.resolve("model"));
    Path config = directory.resolve("config.json");
    Files.writeString(config, Files.readString(config).replaceFirst("\"vocab_size\"\\s*:\\s*", "\"vocab_size\" : 1"));
    assertThrows(ModelException.class, () -> new ModelLoader(directory).task(Task.EMBEDDING).closable().load());
    assertFalse(mapped(directory));
  }

  private static boolean join(Thread thread) {
    try {
      thread.join();
      return true;
    } catch (InterruptedException e) {
      return false;
    }
  }
}
