/**
 * The command line. {@link dev.hone.train.cli.Main} picks a command; each command is a class that declares its flags and does
 * its work with the parts that are open to every other program, too.
 */
package dev.hone.train.cli;
