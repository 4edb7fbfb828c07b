package dev.hone.train.choose;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hone.train.inspect.DataInspector;
import dev.hone.train.inspect.InspectSettings;
import dev.hone.train.inspect.Inspection;
import dev.hone.train.task.TaskName;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SuggestionTest {
  private static final Machine QUICK = new Machine(1e12);
  private static final long GB = 1_000_000_000;

  @TempDir
  Path root;

  private Inspection rows(String text, int times) throws IOException {
    Path file = Files.writeString(root.resolve("rows.csv"), "text,label\n" + (text + ",up\n" + text + ",down\n").repeat(times));
    return DataInspector.inspect(InspectSettings.of(file));
  }

  private static List<String> names(Suggestion suggestion) {
    return suggestion.lines().stream().map(line -> line.base().name()).toList();
  }

  private static String chosen(Suggestion suggestion) {
    return suggestion.lines().stream().filter(Suggestion.Line::chosen).map(line -> line.base().name()).findFirst().orElse("none");
  }

  @Test
  void theShapesOfBasesMakeUpTheirParameters() {
    for (Base base : Base.all()) {
      double made = base.matrices() + (double) base.vocabulary() * base.hidden();
      assertEquals(1, made / base.parameters(), 0.02, base.name());
      base.tasks().forEach(TaskName::named);
    }
    for (TaskName task : TaskName.values()) {
      assertTrue(Base.all().stream().anyMatch(base -> base.does(task)), task.word());
    }
  }

  /** Activations that {@code hone validate --lora-r 16} measured of random models of these widths, in MB. */
  @ParameterizedTest
  @CsvSource({"280.2, 2427, 4, 576, 1536, true, 9, 3, 64, 0", "825.3, 2427, 4, 1024, 3072, true, 16, 8, 128, 3072",
      "646.8, 2427, 2, 2048, 8192, true, 32, 8, 64, 0", "729.5, 2427, 6, 640, 2048, true, 4, 1, 256, 2560",
      "682.5, 4096, 4, 768, 3072, false, 12, 12, 64, 0", "1240, 4096, 6, 768, 1152, true, 12, 12, 64, 3287"})
  void memoryIsWhatIsMeasured(double measured, int tokens, int layers, int hidden, int feedForward, boolean gated, int heads,
      int groups, int width, int more) {
    Base base = new Base("org/x", List.of("generate"), List.of("many"), "MIT", false, 0, layers, hidden, feedForward, gated,
        heads, groups, width, more, 2000, 4096, "");
    double perToken = (base.heap(100_000) - base.heap(50_000)) / 50_000.0;
    assertEquals(1, perToken * tokens / 1e6 / measured, 0.1);
  }

  @Test
  void basesSpeakTheLanguageOfTheRows() throws IOException {
    String german = "Das ist nicht die Kanne und der Deckel ist auch nicht von der Firma";
    Suggestion suggestion = Suggestion.of(TaskName.CLASSIFY, rows(german, 20), QUICK, 8 * GB);
    assertEquals(List.of("German"), suggestion.languages());
    assertTrue(names(suggestion).contains("FacebookAI/xlm-roberta-base"));
    assertFalse(names(suggestion).contains("distilbert/distilbert-base-uncased"));
    Suggestion russian = Suggestion.of(TaskName.GENERATE, rows("Это очень хороший чайник и он мне нравится", 20), QUICK, 8 * GB);
    assertEquals(List.of("Cyrillic"), russian.languages());
    assertEquals(List.of("Qwen/Qwen2.5-0.5B-Instruct", "Qwen/Qwen3-0.6B", "Qwen/Qwen3-1.7B"), names(russian));
  }

  @Test
  void theLargestThatFitsAndIsDoneWithinAnHourIsChosen() throws IOException {
    Inspection few = rows("The kettle is great and it was what I wanted to have", 50);
    assertEquals("HuggingFaceTB/SmolLM3-3B", chosen(Suggestion.of(TaskName.GENERATE, few, QUICK, 16 * GB)));
    assertEquals("none", chosen(Suggestion.of(TaskName.GENERATE, few, QUICK, GB / 10)));
    Suggestion small = Suggestion.of(TaskName.GENERATE, few, QUICK, GB);
    assertTrue(small.lines().stream().anyMatch(line -> !line.fits()));
    assertTrue(small.lines().stream().filter(Suggestion.Line::chosen).allMatch(Suggestion.Line::fits));
    Machine slow = new Machine(2e8);
    Inspection many = rows("The kettle is great and it was what I wanted to have", 4_000);
    assertEquals("HuggingFaceTB/SmolLM2-135M-Instruct", chosen(Suggestion.of(TaskName.GENERATE, many, slow, 16 * GB)));
  }

  @Test
  void aMachineIsTheBestOfWhatItsClockShows() {
    long[] now = {0};
    assertEquals(2.0 * 256 * 768 * 768 / 1000 * 1e9, Machine.measured(() -> now[0] += 1000).operations(), 1);
  }
}
