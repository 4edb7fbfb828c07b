package dev.hone.train.infer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.hone.core.io.Safetensors;
import dev.hone.core.io.TensorFileException;
import dev.hone.nn.ModelException;
import dev.hone.train.TinyModel;
import dev.hone.train.fixture.ChildJvm;
import java.io.File;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What becomes of files while a model has them mapped shows as what it was, or as an error of the library's own. */
class MappedWeightsTest {
  @TempDir
  Path directory;

  /** Answers, answers again when the file is gone, and once more when a file is empty that another model has. */
  public static final class Reader {
    private Reader() {}

    public static void main(String[] arguments) throws Exception {
      Path weights = Path.of(arguments[0], "model.safetensors");
      byte[] bytes = Files.readAllBytes(weights);
      TextEmbedder first = TextEmbedder.load(Path.of(arguments[0]));
      float[] expected = first.embed("it is good");
      Files.delete(weights);
      Files.write(weights, bytes);
      TextEmbedder second = TextEmbedder.load(Path.of(arguments[0]));
      Files.write(weights, new byte[0]);
      System.out.println(List.of(expected[0] == first.embed("it is good")[0]));
      try {
        second.embed("it is good");
        System.out.println("an answer out of nothing");
      } catch (ModelException e) {
        System.out.println(e.getMessage());
      }
      System.exit(0);
    }
  }

  @Test
  void aFileThatIsDeletedStaysAndOneThatIsCutShortIsSaid() throws Exception {
    assumeTrue(File.separatorChar == '/', "Windows lets nobody cut a file that is mapped");
    Path base = TinyModel.write(directory.resolve("base"));
    Process process = ChildJvm.java(List.of("-XX:-CreateCoredumpOnCrash", Reader.class.getName(), base.toString())).start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, process.waitFor(), said);
    assertTrue(said.startsWith("[true]"), said);
    assertTrue(said.contains("the file of the model's weights was cut short"), said);
  }

  @Test
  void anInterruptWhileAFileIsOpenedIsNamed() throws Exception {
    Path weights = TinyModel.write(directory.resolve("base")).resolve("model.safetensors");
    Thread.currentThread().interrupt();
    TensorFileException e = assertThrows(TensorFileException.class, () -> Safetensors.open(weights));
    assertTrue(Thread.interrupted());
    assertEquals(weights + ": the thread was interrupted while it opened the file", e.getMessage());
  }
}
