package dev.hone.core.io;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AtomicFileTest {
  @TempDir
  Path directory;

  private List<Path> files() throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return files.toList();
    }
  }

  @Test
  void aFileAppearsOnlyWithItsCommit() throws IOException {
    Path target = directory.resolve("a.txt");
    try (AtomicFile file = AtomicFile.create(target)) {
      file.write(ByteBuffer.wrap(new byte[] {'a', 'b'}));
      file.write(ByteBuffer.wrap(new byte[] {'c'}));
      assertTrue(Files.notExists(target));
      file.commit();
      assertEquals("abc", Files.readString(target));
    }
    assertEquals(List.of(target), files());
  }

  @Test
  void withoutCommitTheOldFileStays() throws IOException {
    Path target = directory.resolve("a.txt");
    AtomicFile.writeString(target, "old");
    try (AtomicFile file = AtomicFile.create(target)) {
      file.write(ByteBuffer.wrap(new byte[100]));
    }
    assertEquals("old", Files.readString(target));
    assertEquals(List.of(target), files());
  }

  @Test
  void aTargetThatCannotBeReplacedIsNamedAndNothingIsLeft() throws IOException {
    Path blocked = Files.createDirectory(directory.resolve("b"));
    Files.writeString(blocked.resolve("inside"), "");
    IOException thrown = assertThrows(IOException.class, () -> AtomicFile.writeString(blocked, "new"));
    assertTrue(thrown.getMessage().startsWith("write " + blocked + ": "), thrown.getMessage());
    assertEquals(List.of(blocked), files());
  }

  @Test
  void bytesAfterTheCommitAreRefused() throws IOException {
    Path target = directory.resolve("a.txt");
    try (AtomicFile file = AtomicFile.create(target)) {
      file.commit();
      assertThrows(IOException.class, () -> file.write(ByteBuffer.wrap(new byte[1])));
    }
    assertEquals(0, Files.size(target));
  }
}
