-- Run by `test`, in a Neovim that has nothing but this folder.

local function quit(message)
  io.stderr:write('neovim: ' .. message .. '\n')
  vim.cmd(message == 'passed' and 'qall!' or 'cquit!')
end

local function await(what, holds)
  if not vim.wait(30000, holds, 50) then error(what .. ' did not happen in 30 seconds', 0) end
end

local ok, why = pcall(function()
  local file = vim.env.TENON_TEST_FOLDER .. '/main.tn'
  require('tenon').setup { cmd = { vim.env.TENON, 'lsp' } }
  vim.cmd('edit ' .. file)
  assert(vim.bo.filetype == 'tenon', 'the filetype is ' .. vim.bo.filetype)

  await('a diagnostic', function() return #vim.diagnostic.get(0) > 0 end)
  local found = vim.diagnostic.get(0)[1]
  assert(tostring(found.code):find 'T0124', 'the diagnostic is ' .. vim.inspect(found))

  local params = vim.lsp.util.make_given_range_params({ 1, 33 }, { 1, 38 })
  params.context = { diagnostics = { found.user_data and found.user_data.lsp or {} } }
  params.context.diagnostics[1] = {
    range = {
      start = { line = found.lnum, character = found.col },
      ['end'] = { line = found.end_lnum, character = found.end_col },
    },
    message = found.message,
    code = found.code,
    source = found.source,
    severity = found.severity,
  }
  local answers = vim.lsp.buf_request_sync(0, 'textDocument/codeAction', params, 30000)
  local client, action
  for id, answer in pairs(answers or {}) do
    for _, one in ipairs(answer.result or {}) do
      if one.kind and one.kind:find '^quickfix' then
        client, action = vim.lsp.get_client_by_id(id), one
        break
      end
    end
  end
  assert(action, 'no fix is offered: ' .. vim.inspect(answers))
  if not action.edit then
    local resolved = client.request_sync('codeAction/resolve', action, 30000, 0)
    action = resolved and resolved.result or action
  end
  vim.lsp.util.apply_workspace_edit(action.edit, client.offset_encoding or 'utf-16')
  local text = vim.api.nvim_buf_get_lines(0, 0, 1, false)[1]
  assert(text == 'fn f(a: Bool, b: Bool) -> Bool { a and b }', 'the text is ' .. text)
  await('an end of diagnostics', function() return #vim.diagnostic.get(0) == 0 end)
end)
quit(ok and 'passed' or tostring(why))
