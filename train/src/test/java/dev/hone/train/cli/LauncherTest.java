package dev.hone.train.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LauncherTest {
  private static final String[] WORDS = {"train", "--data", "my rows.csv"};

  @Test
  void whatTheUserSaysComesAfterTheOptionsOfTheLauncher() throws IOException {
    List<String> command = Launcher.command(List.of("-Xmx1g", "-Dhone.threads=1"), " -Xmx2g  -Dx=y ", "/a b/hone.jar", WORDS);
    assertTrue(command.contains("--add-modules=jdk.incubator.vector"), command.toString());
    assertTrue(command.contains("-XX:+UseSerialGC"), command.toString());
    assertFalse(command.stream().anyMatch(word -> word.startsWith("#") || word.isBlank()), command.toString());
    assertEquals(List.of("-Xmx1g", "-Dhone.threads=1", "-Xmx2g", "-Dx=y", "-cp", "/a "
        + "b/hone.jar", "dev.hone.train.cli.Main", "train",
        "--data", "my rows.csv"), command.subList(command.indexOf("-Xmx1g"), command.size()));
  }

  @Test
  void aCollectorOfTheUserIsTheOnlyOne() throws IOException {
    List<String> command = Launcher.command(List.of(), "-XX:+UseG1GC", "hone.jar", WORDS);
    assertTrue(command.contains("-XX:+UseG1GC"), command.toString());
    assertFalse(command.contains("-XX:+UseSerialGC"), command.toString());
    assertFalse(command.contains("-Xmn16m"), command.toString());
  }

  @Test
  void theOtherJarsLieBesideIt(@TempDir Path folder) throws IOException {
    Path jar = Files.createFile(folder.resolve("hone-train-1.jar"));
    assertNull(Launcher.jarsBeside(jar));
    Path core = Files.createFile(folder.resolve("hone-core-1.jar"));
    Files.createFile(folder.resolve("jvm.options"));
    assertEquals(core + File.pathSeparator + jar, Launcher.jarsBeside(jar));
  }
}
