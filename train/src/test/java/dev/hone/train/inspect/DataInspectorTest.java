package dev.hone.train.inspect;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hone.core.parallel.Workers;
import dev.hone.train.TinyLanguageModel;
import dev.hone.train.TinyModel;
import dev.hone.train.data.DataOptions;
import dev.hone.train.task.embed.EmbeddingSettings;
import dev.hone.train.inspect.Finding.Level;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Each fault is found in the rows where it was planted, and in no others; data without a fault raises no alarm. */
class DataInspectorTest {
  private static final int ROWS = 60;

  @TempDir
  Path directory;
  private final List<String> rows = new ArrayList<>();

  @BeforeEach
  void cleanRows() {
    rows.addAll(CleanRows.labelled(ROWS));
  }

  private Path csv(String name, List<String> lines) throws IOException {
    return Files.writeString(directory.resolve(name), "text,label\n" + String.join("\n", lines) + "\n");
  }

  private Inspection csv() throws IOException {
    return DataInspector.inspect(InspectSettings.of(csv("rows.csv", rows)));
  }

  private Inspection language(List<String> lines) throws IOException {
    Path file = Files.writeString(directory.resolve("rows.jsonl"), String.join("\n", lines) + "\n");
    Path model = TinyLanguageModel.write(directory.resolve("language"));
    return DataInspector.inspect(InspectSettings.of(file).withModel(model.resolve("config.json"), model, 128, false));
  }

  private static List<Integer> lines(Finding finding) {
    return finding.first().stream().map(hit -> hit.row().number()).toList();
  }

  private static List<Integer> others(Finding finding) {
    return finding.first().stream().map(hit -> hit.other().number()).toList();
  }

  /** Only these checks have anything to say, but for what the tiny tokenizers of bytes and letters are always told. */
  private static void assertOnly(Inspection found, Check... checks) {
    Set<Check> said = found.findings().stream().filter(f -> f.level() != Level.OK && f.level() != Level.SKIPPED
        && f.check() != Check.TOKENIZER).map(Finding::check).collect(Collectors.toSet());
    assertEquals(Set.of(checks), said, found.text(false, 5));
  }

  @Test
  void cleanLabelledRowsRaiseNoAlarm() throws IOException {
    List<String> heldOut = new ArrayList<>(CleanRows.labelled(100).subList(ROWS, 100));
    Path model = TinyModel.write(directory.resolve("model"), 16, 512);
    Inspection found = DataInspector.inspect(InspectSettings.of(csv("rows.csv", rows)).withHeldOut(csv("test.csv", heldOut))
        .withModel(model));
    assertOnly(found);
    assertEquals(List.of(new Share("down", 30, 20), new Share("up", 30, 20)), found.labels());
    assertEquals(0, found.fit().unknown());
    assertEquals(0, found.findings().stream().filter(f -> f.level() == Level.SKIPPED).count());
  }

  @Test
  void cleanCompletionsAndConversationsRaiseNoAlarm() throws IOException {
    assertOnly(language(CleanRows.completions(20)), Check.TRUNCATED); // 128 bytes are little
    Inspection chats = language(shortened(CleanRows.chats(20)));
    assertOnly(chats);
    assertTrue(chats.finding(Check.TRAINED_TOKENS).verdict().matches("\\d+\\.\\d % of [\\d,]+ tokens are learnt"));
  }

  @Test
  void duplicatesAreRowsThatRepeatAnEarlierOne() throws IOException {
    rows.set(20, rows.get(4));
    rows.set(31, rows.get(4).replace(",", "  ,").toUpperCase(Locale.ROOT).replace("UP", "up"));
    Inspection found = csv();
    assertOnly(found, Check.DUPLICATES);
    assertEquals(List.of(22, 33), lines(found.finding(Check.DUPLICATES)));
    assertEquals(List.of(6, 6), others(found.finding(Check.DUPLICATES)));
    assertEquals(2, found.finding(Check.DUPLICATES).rows());
  }

  @Test
  void nearDuplicatesAreRowsWithMostRunsInCommon() throws IOException {
    String first = rows.get(10);
    rows.set(40, first.substring(0, first.indexOf(' ', 20)) + " just" + first.substring(first.indexOf(' ', 20)));
    rows.set(50, first.replace(",", "!,"));
    Inspection found = csv();
    assertOnly(found, Check.NEAR_DUPLICATES);
    assertEquals(List.of(42, 52), lines(found.finding(Check.NEAR_DUPLICATES)));
    assertEquals(12, others(found.finding(Check.NEAR_DUPLICATES)).getFirst());
    assertTrue(found.finding(Check.NEAR_DUPLICATES).first().getFirst().detail().matches("0\\.[89]\\d"));
  }

  @Test
  void leakageIsFoundInHeldOutRowsAndNamesBothFiles() throws IOException {
    List<String> heldOut = new ArrayList<>(CleanRows.labelled(100).subList(ROWS, 100));
    heldOut.set(5, rows.get(17));
    heldOut.set(9, rows.get(3).replaceFirst(" ", " very "));
    Inspection found = DataInspector.inspect(InspectSettings.of(csv("rows.csv", rows)).withHeldOut(csv("test.csv", heldOut)));
    assertOnly(found, Check.LEAKAGE, Check.NEAR_LEAKAGE);
    assertEquals(Level.ERROR, found.worst());
    assertEquals("test.csv line 7 (= rows.csv:19)", found.finding(Check.LEAKAGE).where(5));
    assertEquals(List.of(11), lines(found.finding(Check.NEAR_LEAKAGE)));
    assertEquals(List.of(5), others(found.finding(Check.NEAR_LEAKAGE)));
  }

  @Test
  void conflictsAreTheSameTextWithAnotherLabel() throws IOException {
    rows.set(33, rows.get(8).replace(",up", ",down"));
    Inspection found = csv();
    assertOnly(found, Check.CONFLICTS);
    assertEquals(List.of(10, 35), lines(found.finding(Check.CONFLICTS)));
    assertEquals(List.of(35, 10), others(found.finding(Check.CONFLICTS)));
    assertEquals("'up' and 'down'", found.finding(Check.CONFLICTS).first().getFirst().detail());
  }

  @Test
  void repeatsAreCountedWithinEachLabelAndConflictsBetweenLabels() throws IOException {
    Inspection found = DataInspector.inspect(InspectSettings.of(csv("d.csv",
        List.of("same text,a", "same text,b", "same text,b", "same text,b", "other,a"))));
    assertEquals("d.csv lines 4 (= 3), 5 (= 3)", found.finding(Check.DUPLICATES).where(5));
    assertEquals("d.csv lines 2 (= 3, 'a' and 'b'), 3 (= 2, 'b' and 'a'), 4 (= 2, 'b' and 'a'), 5 (= 2, 'b' and 'a')",
        found.finding(Check.CONFLICTS).where(5));
    found = DataInspector.inspect(InspectSettings.of(csv("e.csv", List.of("p,a", "p,a", "p,b", "q,a"))));
    assertEquals("e.csv line 3 (= 2)", found.finding(Check.DUPLICATES).where(5));
    assertEquals("e.csv lines 2 (= 4, 'a' and 'b'), 3 (= 4, 'a' and 'b'), 4 (= 2, 'b' and 'a')",
        found.finding(Check.CONFLICTS).where(5));
  }

  @Test
  void labelsThatAreEqualAsSetsOrNumbersAreNoConflict() throws IOException {
    Path several = csv("several.csv", List.of("p,a|b", "p,b|a", "p,a", "q,b"));
    Inspection found = DataInspector.inspect(InspectSettings.of(several).withData(DataOptions.DETECT,
        InspectSettings.Task.CLASSIFY, InspectSettings.Labels.SEVERAL));
    assertEquals("several.csv line 3 (= 2)", found.finding(Check.DUPLICATES).where(5));
    assertEquals(3, found.finding(Check.CONFLICTS).rows());
    found = DataInspector.inspect(InspectSettings.of(csv("numbers.csv", List.of("p,1", "p,1.0", "q,2.5"))).withData(
        DataOptions.DETECT, InspectSettings.Task.CLASSIFY, InspectSettings.Labels.NUMBERS));
    assertEquals("numbers.csv line 3 (= 2)", found.finding(Check.DUPLICATES).where(5));
    assertEquals(0, found.finding(Check.CONFLICTS).rows());
  }

  @Test
  void theSamePromptWithAnotherAnswerIsNoted() throws IOException {
    List<String> completions = new ArrayList<>(CleanRows.completions(20));
    String first = completions.get(2);
    completions.set(7, first.substring(0, first.indexOf("\"completion"))
        + "\"completion\": \" something else entirely, said with care\"}");
    Path file = Files.writeString(directory.resolve("rows.jsonl"), String.join("\n", completions));
    Inspection found = DataInspector.inspect(InspectSettings.of(file));
    assertOnly(found, Check.ANSWERS);
    assertEquals(List.of(8), lines(found.finding(Check.ANSWERS)));
    assertEquals(List.of(3), others(found.finding(Check.ANSWERS)));
  }

  @Test
  void rowsWithoutTextOrLabelAreFoundAndNotRefused() throws IOException {
    rows.set(3, "  ,up");
    rows.set(6, rows.get(6).substring(0, rows.get(6).indexOf(',') + 1));
    Inspection found = csv();
    assertOnly(found, Check.EMPTY, Check.NO_LABEL);
    assertEquals(List.of(5), lines(found.finding(Check.EMPTY)));
    assertEquals(List.of(8), lines(found.finding(Check.NO_LABEL)));
  }

  @Test
  void oneRareLabelAndOneSpelledInTwoWays() throws IOException {
    rows.set(44, rows.get(44).replace(",up", ",sideways"));
    Inspection found = csv();
    assertOnly(found, Check.LABELS);
    assertEquals(List.of(46), lines(found.finding(Check.LABELS)));
    rows.set(44, rows.get(44).replace(",sideways", ",Up"));
    found = csv();
    assertOnly(found, Check.LABELS, Check.LABEL_NAMES);
    assertEquals(Level.ERROR, found.worst());
    assertEquals(List.of(46), lines(found.finding(Check.LABEL_NAMES)));
    assertEquals("training refuses these labels: the labels 'up' (line 2) and 'Up' differ by capitals or spaces alone; --labels "
        + "merge "
        + "makes them one class, --labels exact keeps them apart", found.finding(Check.LABEL_NAMES).verdict());
    found = DataInspector.inspect(InspectSettings.of(directory.resolve("rows.csv"))
        .withData(DataOptions.DETECT.withLabels("exact"),
        InspectSettings.Task.DETECT, InspectSettings.Labels.ONE));
    assertEquals("'Up', mostly 'up'", found.finding(Check.LABEL_NAMES).first().getFirst().detail());
    assertEquals(Level.WARNING, found.worst());
    assertOnly(DataInspector.inspect(InspectSettings.of(directory.resolve("rows.csv")).withData(
        DataOptions.DETECT.withLabels("merge"), InspectSettings.Task.DETECT, InspectSettings.Labels.ONE)));
  }

  @Test
  void personalDataIsFoundByKind() throws IOException {
    rows.set(12, rows.get(12).replace(",", " write to jane.doe+x@mail.example.org.,"));
    rows.set(13, rows.get(13).replace(",", " call (555) 010-1234,"));
    rows.set(14, rows.get(14).replace(",", " pay with 4111 1111 1111 1111 now,"));
    Inspection found = csv();
    assertOnly(found, Check.PERSONAL);
    assertEquals("rows.csv lines 14 (mail), 15 (phone), 16 (card or account)", found.finding(Check.PERSONAL).where(5));
  }

  @Test
  void strayScriptsLanguagesLengthsSymbolsAndDamage() throws IOException {
    rows.set(20, "Он купил старый велосипед на рынке за рекой и уехал,up");
    rows.set(21, "der Bäcker hat das Fahrrad nicht gekauft und ist mit dem Zug gefahren,down");
    rows.set(22, rows.get(22).replace(",", " again".repeat(300) + ","));
    rows.set(23, "=====*****-----+++++<<<<<>>>>>,down");
    rows.set(24, rows.get(24).replace(",", " cafÃ©,"));
    Inspection found = csv();
    assertOnly(found, Check.SCRIPTS, Check.LANGUAGES, Check.OUTLIERS, Check.DAMAGE);
    assertEquals("rows.csv line 22 (Cyrillic)", found.finding(Check.SCRIPTS).where(5));
    assertEquals("rows.csv line 23 (German)", found.finding(Check.LANGUAGES).where(5));
    assertEquals(List.of(24, 25), lines(found.finding(Check.OUTLIERS)));
    assertEquals(List.of(26), lines(found.finding(Check.DAMAGE)));
  }

  @Test
  void longPromptsLeaveNothingToLearn() throws IOException {
    List<String> completions = shortened(CleanRows.completions(20));
    completions.set(11, CleanRows.completion(String.join(" and ", CleanRows.sentences(4)), " yes"));
    Inspection found = language(completions);
    assertOnly(found, Check.LONG_PROMPTS, Check.TRUNCATED);
    assertEquals(List.of(12), lines(found.finding(Check.LONG_PROMPTS)));
    assertEquals(List.of(12), lines(found.finding(Check.TRUNCATED)));
  }

  /** Who did what, without where and why: this fits into 128 bytes. */
  private static List<String> shortened(List<String> rows) {
    return new ArrayList<>(rows.stream().map(row -> row.replaceAll(" (near|behind|under|on|at|in|before|after|during|without)"
        + " [^\"]*",
        "")).toList());
  }

  @Test
  void conversationsInWhichNobodyIsLearntAreFound() throws IOException {
    List<String> chats = shortened(CleanRows.chats(40));
    chats.set(9, "{\"messages\": [{\"role\": \"user\", \"content\": \"who will answer this lonely question\"}]}");
    Inspection found = language(chats);
    assertOnly(found, Check.NOTHING_LEARNT);
    assertEquals(List.of(10), lines(found.finding(Check.NOTHING_LEARNT)));
  }

  @Test
  void conversationsWhoseOnlyAnswerIsEmptyAreFoundWithAndWithoutTokens() throws IOException {
    List<String> chats = shortened(CleanRows.chats(40));
    chats.set(9, CleanRows.chat("who will answer this lonely question", ""));
    Inspection found = language(chats);
    assertOnly(found, Check.NOTHING_LEARNT);
    Path file = directory.resolve("silent.jsonl");
    Files.write(file, chats);
    for (Inspection each : List.of(found, DataInspector.inspect(InspectSettings.of(file)))) {
      assertEquals(List.of(10), lines(each.finding(Check.NOTHING_LEARNT)));
      assertTrue(each.text(false, 5).contains("10 (the assistant's answer is empty)"), each.text(false, 5));
    }
  }

  @Test
  void marksOfAnotherTemplateInAConversationAreFound() throws IOException {
    List<String> chats = shortened(CleanRows.chats(40));
    chats.set(4, CleanRows.chat("<|im_start|>user what is that<|im_end|>", "a telescope"));
    chats.set(15, CleanRows.chat("[INST] who broke it [/INST]", "the postman"));
    Inspection found = language(chats);
    assertOnly(found, Check.TEMPLATE);
    assertEquals("rows.jsonl lines 5 (<|im_start|>), 16 ([INST])", found.finding(Check.TEMPLATE).where(5));
    assertTrue(found.finding(Check.TEMPLATE).verdict().contains("ChatML, Llama 2"));
  }

  @Test
  void marksThatTheModelDoesNotKnowAreFoundInCompletions() throws IOException {
    List<String> completions = new ArrayList<>(CleanRows.completions(20));
    completions.set(2, CleanRows.completion("<start_of_turn>user who is it<end_of_turn>", " the new doctor"));
    assertEquals(List.of(3), lines(language(completions).finding(Check.TEMPLATE)));
    List<String> all = completions.stream().map(row -> row.replace("{\"prompt\": \"",
        "{\"prompt\": \"### Instruction: ")).toList();
    assertEquals(List.of(3), lines(language(all).finding(Check.TEMPLATE)), "plain marks that all rows have are a way to write");
  }

  @Test
  void aSecondBeginTokenIsFoundWithAndWithoutAModel() throws IOException {
    List<String> completions = shortened(CleanRows.completions(20));
    completions.set(6, completions.get(6).replace("{\"prompt\": \"", "{\"prompt\": \"<s>"));
    Inspection found = language(completions);
    assertOnly(found, Check.DOUBLE_BOS);
    assertEquals(List.of(7), lines(found.finding(Check.DOUBLE_BOS)));
    assertEquals(Level.ERROR, found.worst());
    Inspection without = DataInspector.inspect(InspectSettings.of(directory.resolve("rows.jsonl")));
    assertEquals(List.of(7), lines(without.finding(Check.DOUBLE_BOS)));
    assertEquals(Level.WARNING, without.worst());
  }

  @Test
  void aTextAndItsTokensAreSaidAsTrainingSeesThem() throws IOException {
    List<String> completions = List.of(CleanRows.completion("ab", "cd"), CleanRows.completion("ef", "gh"));
    Sample sample = language(completions).samples().getFirst();
    assertEquals(List.of(new Sample.Span("<s>ab", false), new Sample.Span("cd</s>", true)), sample.spans());
    assertEquals(6, sample.tokens());
    assertEquals(3, sample.learnt());
  }

  @Test
  void severalFilesKeepTheirOwnLines() throws IOException {
    Path first = csv("a.csv", rows.subList(0, 30));
    List<String> second = new ArrayList<>(rows.subList(30, 60));
    second.set(3, rows.get(7));
    InspectSettings settings = new InspectSettings(List.of(first, csv("b.csv", second)), List.of(), DataOptions.DETECT,
        InspectSettings.Task.DETECT, InspectSettings.Labels.ONE, null, null, null, 0, false, 0.8, EmbeddingSettings.USUAL);
    assertEquals("b.csv line 5 (= a.csv:9)", DataInspector.inspect(settings).finding(Check.DUPLICATES).where(5));
  }

  @Test
  void coloursOfAReportAreItsOwn() throws IOException {
    rows.set(3, rows.get(3).replace("down", "\u001b[7mdown"));
    String text = csv().text(true, 5);
    assertTrue(text.contains("\u001b[33mwarning\u001b[0m  label-balance"), text);
    assertTrue(text.contains("'\uFFFD[7mdown'") && !text.contains("\u001b[7m"), text);
  }

  @Test
  void rowsReadThroughAnIndexHaveTheSameFindings() throws IOException {
    rows.set(20, rows.get(4));
    rows.set(30, rows.get(8).replace(",up", ",down"));
    InspectSettings settings = InspectSettings.of(csv("rows.csv", rows));
    Inspection indexed = DataInspector.inspect(settings.withData(DataOptions.DETECT.withFormat("indexed"),
        InspectSettings.Task.DETECT,
        InspectSettings.Labels.ONE));
    assertEquals(DataInspector.inspect(settings).findings(), indexed.findings());
    Path copy = directory.resolve("copy.csv");
    indexed.clean(copy, Set.of(Check.DUPLICATES), false);
    List<String> kept = new ArrayList<>(rows);
    kept.remove(20);
    assertEquals("text,label\n" + String.join("\n", kept) + "\n", Files.readString(copy));
  }

  @Test
  void theNumberOfThreadsMakesNoDifference() throws IOException {
    rows.addAll(rows.subList(0, 30));
    rows.addAll(rows.stream().limit(30).map(row -> row.replaceFirst(" ", " so ")).toList());
    int threads = Workers.threads();
    try {
      Workers.setThreads(1);
      String one = csv().json();
      Workers.setThreads(4);
      assertEquals(one, csv().json());
    } finally {
      Workers.setThreads(threads);
    }
  }
}
