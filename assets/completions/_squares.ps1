
using namespace System.Management.Automation
using namespace System.Management.Automation.Language

Register-ArgumentCompleter -Native -CommandName 'squares' -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)

    $commandElements = $commandAst.CommandElements
    $command = @(
        'squares'
        for ($i = 1; $i -lt $commandElements.Count; $i++) {
            $element = $commandElements[$i]
            if ($element -isnot [StringConstantExpressionAst] -or
                $element.StringConstantType -ne [StringConstantType]::BareWord -or
                $element.Value.StartsWith('-') -or
                $element.Value -eq $wordToComplete) {
                break
        }
        $element.Value
    }) -join ';'

    $completions = @(switch ($command) {
        'squares' {
            [CompletionResult]::new('--server', '--server', [CompletionResultType]::ParameterName, 'The server, as HOST or HOST:PORT, or several of one room with commas between them [default: 127.0.0.1:7878; where nobody listens there, the full screen hosts a room itself]')
            [CompletionResult]::new('--student', '--student', [CompletionResultType]::ParameterName, 'Your student id (학번)')
            [CompletionResult]::new('--name', '--name', [CompletionResultType]::ParameterName, 'Your name, where the server has no roster')
            [CompletionResult]::new('--lang', '--lang', [CompletionResultType]::ParameterName, 'The language of the screen [default: the locale''s]')
            [CompletionResult]::new('--theme', '--theme', [CompletionResultType]::ParameterName, 'The colours: auto, dark, light, contrast or mono [default: by the terminal''s background]')
            [CompletionResult]::new('--notify', '--notify', [CompletionResultType]::ParameterName, 'Tell of results of mine that come while the window is not looked at: off, bell, title or desktop [default: off]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The settings file, with keys of your own [default: squares/config.toml in the folder for settings]')
            [CompletionResult]::new('--tls-ca', '--tls-ca', [CompletionResultType]::ParameterName, 'Speak TLS, and trust only certificates that lead to this one (PEM)')
            [CompletionResult]::new('--fingerprint', '--fingerprint', [CompletionResultType]::ParameterName, 'Speak TLS, and trust only the certificate of this fingerprint, which the server''s log shows')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print results as JSON, one a line')
            [CompletionResult]::new('--follow', '--follow', [CompletionResultType]::ParameterName, 'Print everybody''s results until interrupted')
            [CompletionResult]::new('--present', '--present', [CompletionResultType]::ParameterName, 'Show the room large, for a projector: how to join, the latest results and the parabola. Needs no student id, and nobody is told')
            [CompletionResult]::new('--ascii', '--ascii', [CompletionResultType]::ParameterName, 'Draw with ASCII only, for terminals that show ² or … too wide')
            [CompletionResult]::new('--linear', '--linear', [CompletionResultType]::ParameterName, 'Lines one after another in place of a full screen, for screen readers')
            [CompletionResult]::new('--no-mouse', '--no-mouse', [CompletionResultType]::ParameterName, 'Leave the mouse to the terminal, so that it selects text as usual')
            [CompletionResult]::new('--tls', '--tls', [CompletionResultType]::ParameterName, 'Speak TLS with the server; a certificate that leads to no root of the system is trusted when it is seen first, and refused when it changes')
            [CompletionResult]::new('--guest', '--guest', [CompletionResultType]::ParameterName, 'The full screen for a machine that is not the student''s own, such as behind an SSH server: it keeps nothing, reads no settings, hosts no room, writes no file and starts no program')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('completions', 'completions', [CompletionResultType]::ParameterValue, 'Print completions for a shell')
            break
        }
        'squares;completions' {
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
    })

    $completions.Where{ $_.CompletionText -like "$wordToComplete*" } |
        Sort-Object -Property ListItemText
}
