@echo off
rem Starts Hone with the Java of JAVA_HOME, or else of the PATH: a JDK 25 or later. HONE_JAVA_OPTS has options for the JVM.
setlocal
set "hone_java=java"
if defined JAVA_HOME set "hone_java=%JAVA_HOME%\bin\java"
for %%j in ("%~dp0..\lib\hone-train-*.jar") do "%hone_java%" -jar "%%~fj" %*
exit /b %errorlevel%
